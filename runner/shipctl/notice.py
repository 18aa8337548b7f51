"""What `shipctl notify` was told: the options of the call, their variables and defaults, and the resource."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

from runner.shipctl.console import RefusedError
from runner.shipctl.json_text import parse
from runner.shipctl.lookups import resource_variable
from runner.shipctl.reaching import ByRunner, kept_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.reaching import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`--icon_url=…` is `icon_url`, `--project-id=…` is `project_id`."""

    color: str = "#65cea7"
    icon_url: str
    payload: str = ""
    pretext: str
    recipient: str = ""
    text: str
    username: str
    password: str = "none"  # noqa: S105  what the platform sent where a server wants none
    type: str = ""
    revision: str = ""
    description: str = ""
    changelog: str = ""
    project_id: str = ""
    environment: str = ""
    email: str = ""
    repository: str = ""
    version: str = ""
    summary: str = ""
    attach_file: str = ""
    app_id: str = ""
    app_name: str = ""


SPELT = {"project-id": "project_id", "attach-file": "attach_file", "appId": "app_id", "appName": "app_name"}
"""Options that are not spelt as their field."""
ONLY_OPTIONS = ("app_id", "app_name")
"""Those without a variable. The variable of all others is `NOTIFY_<FIELD>`."""
PROSE = ("pretext", "text", "description", "changelog", "summary")
"""Where backslash and n mean a line break, as they did in the platform's unescaped JSON."""


def read_options(arguments: Sequence[str], *, irc: bool) -> Options:
    """What the call gives, else the variable if it is not empty, else the default; unknown options are passed over.

    Raises RefusedError for a type of job that has no default text, even if `--text` gives one, as the platform did.
    """
    www, number = os.environ.get("SHIPPABLE_WWW_URL", ""), os.environ.get("BUILD_NUMBER", "")
    given = {
        "icon_url": f"{www}/images/slack-aye-aye-yoga.png",
        "pretext": time.strftime("%a %b %e %H:%M:%S %Z %Y\n"),
        "username": f"Shippable-{number}" if irc else "Shippable",
    }
    names = [field.name for field in fields(Options)]
    variables = {name: os.environ.get(f"NOTIFY_{name.upper()}", "") for name in names if name not in ONLY_OPTIONS}
    given |= {name: value for name, value in variables.items() if value}
    if "text" not in given:
        given["text"] = _default_text(irc=irc)
    for word in arguments:
        option, equals, value = word.removeprefix("--").partition("=")
        name = SPELT.get(option, option)
        if word.startswith("--") and equals and name in names and (option in SPELT or name not in SPELT.values()):
            given[name] = value
    return Options(**{name: _lines(value) if name in PROSE else value for name, value in given.items()})


def _lines(text: str) -> str:
    return text.replace("\\n", "\n")


def _default_text(*, irc: bool) -> str:
    environ = os.environ
    kind, number, url = (environ.get(name, "") for name in ("JOB_TYPE", "BUILD_NUMBER", "BUILD_URL"))
    match kind:
        case "runCI":
            what = f"{environ.get('REPO_FULL_NAME', '')}:{environ.get('BRANCH', '')}"
        case "runSh":
            what = environ.get("JOB_NAME", "")
        case _:
            raise RefusedError(f"Error: unsupported job type: {kind}")
    if irc:
        return f"[{what}] Build #{number} {url}".rstrip()
    return f"[{what}] <{url}|Build#{number}>" if url else f"[{what}] Build#{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    resource: str
    recipients: Sequence[str]
    """Those of the resource's version."""
    options: Options

    def field(self, name: str) -> str:
        """A field of the resource's integration; empty where it has none."""
        return resource_variable(self.resource, f"_INTEGRATION_{name.upper()}").strip()

    def reach(self, secret: str, direct: Callable[[], Reach]) -> Reach:
        """The way to the service: `direct`, unless the field `secret` is one that the runner keeps back."""
        if kept_back(self.field(secret)):
            return ByRunner(self.field("name"))
        return direct()

    def addressees(self) -> Mapping[str, str]:
        """Whom to tell → the line that says so. One without a name and a line where nobody is named."""
        if self.options.recipient:
            return {self.options.recipient: f'sending notification to "{self.options.recipient}"'}
        return {name: f"sending notification to {name}" for name in self.recipients} or {"": ""}

    def payload(self) -> bytes | None:
        """What `--payload` names, None without it. Raises RefusedError where it is no JSON."""
        path = self.options.payload
        if not path:
            return None
        if not os.path.isfile(path):
            raise RefusedError(f"Error: file not found at path: {path}")
        with open(path, "rb") as file:
            data = file.read()
        try:
            parse(data)
        except ValueError:
            raise RefusedError("Error: payload is not valid JSON") from None
        return data
