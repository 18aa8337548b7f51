"""docker: logins of registries in a `config.json` of the build."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from runner.errors import SetupError
from runner.secret import Secret
from runner.workspace.tools.model import Part, Use

COMMAND = ("docker",)
HUB = "https://index.docker.io/v1/"
"""What docker calls its own registry."""
QUAY = "quay.io"
_HUBS = frozenset(
    {"", "docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"}
)
CONFIG = "docker/config.json"


def registry(use: Use) -> Part:
    """A registry that is opened with a user and a password; without an address it is docker's own."""
    return login_part(use, registry_key(use.integration.text("url") or ""))


def quay(use: Use) -> Part:
    return login_part(use, QUAY)


def login_part(use: Use, key: str) -> Part:
    return Part(commands=(COMMAND,), logins={key: login(use.field("username"), use.field("password"))})


def registry_key(url: str) -> str:
    """The name of a registry in docker's own file: its host with the port, or HUB."""
    host = url.strip().partition("://")[2] or url.strip()
    host = host.partition("/")[0]
    return HUB if host.casefold() in _HUBS else host


def login(user: str, password: str) -> Secret:
    return Secret(base64.b64encode(f"{user}:{password}".encode()).decode())


def config(logins: Mapping[str, Secret]) -> str:
    """The text of `config.json`."""
    return json.dumps({"auths": {key: {"auth": auth.reveal()} for key, auth in logins.items()}}, indent=2)


def ecr_logins(subject: str, answer: bytes) -> dict[str, Secret]:
    """From what `aws ecr get-authorization-token` prints. Raises SetupError."""
    try:
        found = json.loads(answer)["authorizationData"]
        return {registry_key(each["proxyEndpoint"]): Secret(each["authorizationToken"]) for each in found}
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{subject}: what 'aws ecr get-authorization-token' printed cannot be read") from error
