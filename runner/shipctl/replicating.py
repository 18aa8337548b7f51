"""`shipctl replicate`: give an output, or the job itself, the version and the files of an input."""

from __future__ import annotations

import os
import shutil

from runner.shipctl.console import RefusedError, directory, say
from runner.shipctl.documents import read_document
from runner.shipctl.json_text import find, shown
from runner.shipctl.lookups import resource_variable
from runner.shipctl.replacing import replace_file
from runner.shipctl.repository_settings import NO_BRANCH, fits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json

FROM_REPOSITORIES = ("gitRepo", "ciRepo", "syncRepo")
TO_REPOSITORIES = ("gitRepo", "syncRepo")
OF_WEBHOOKS = ("shaData", "webhookRequestHeaders", "webhookRequestBody")
OUTPUT_VERSION = "outputVersion.json"
FLAGS = ("--files-only", "--metadata-only", "--webhook-data-only", "--match-settings")


def run(arguments: list[str]) -> int:
    """Exit status 0 also where nothing fits; a wrong call is refused."""
    flags = {word for word in arguments if word.startswith("--")}
    names = [word for word in arguments if word not in flags]
    if len(names) < 2 or not all(names[:2]):
        raise RefusedError("Usage: shipctl replicate FROM_resource_name TO_resource_name")
    for flag in (word for word in arguments if word in flags and word not in FLAGS):
        say(f'Warning: Unrecognized flag "{flag}"')
    copy = _Replication(names[0], names[1])
    repositories = copy.check("--match-settings" in flags)
    webhook_only = "--webhook-data-only" in flags
    if "--match-settings" in flags:
        webhook_only = True
        if not copy.matches():
            return 0
    if not repositories and "--metadata-only" not in flags:
        copy.files()
    if "--files-only" not in flags:
        copy.metadata(webhook_only)
    return 0


class _Replication:
    """One input and what it is copied to."""

    def __init__(self, source: str, target: str) -> None:
        self.root = directory("JOB_PATH")
        self.source, self.target = source, target
        self.kind = resource_variable(source, "_TYPE")
        self.target_kind = resource_variable(target, "_TYPE")
        self.to_job = target == os.environ.get("JOB_NAME")

    def check(self, match: bool) -> bool:
        """Whether both are repositories, whose files are never copied. Raises RefusedError."""
        if self.source == os.environ.get("JOB_NAME"):
            raise RefusedError("Error: current job cannot be the FROM argument")
        if self.target_kind == "ciRepo":
            raise RefusedError("Error: cannot replicate to ciRepo")
        repositories = self.kind in FROM_REPOSITORIES and self.target_kind in TO_REPOSITORIES
        if not repositories and not self.to_job and self.kind != self.target_kind:
            raise RefusedError("Error: resources must be the same type.")
        if match and not repositories:
            raise RefusedError("Error: --match-settings flag not supported for the specified resources.")
        for place in [f"IN/{self.source}", *([] if self.to_job else [f"OUT/{self.target}"])]:
            if "/" in place.partition("/")[2] or not os.path.isdir(f"{self.root}/{place}"):
                raise RefusedError(f"Error: {place} not found: FROM is an input of the job, TO an output of it")
        return repositories

    def matches(self) -> bool:
        """Whether the settings of TO take the commit, tag or release of FROM; says why not."""
        data = find(self._given(), "shaData")
        if not isinstance(data, dict):
            raise RefusedError("Error: FROM resource does not contain shaData.")
        answer = fits(data, read_document(f"{self.root}/OUT/{self.target}/version.json"))
        if answer is None:
            say(NO_BRANCH)
        elif not answer:
            say("FROM shaData does not match TO settings. skipping replicate")
        return bool(answer)

    def files(self) -> None:
        """FROM's files in the place of TO's, names that begin with a dot aside. Without any, TO keeps its own; the
        job keeps the files of its state in which it has written versions, and takes no name of a version from FROM."""
        source = f"{self.root}/IN/{self.source}/{self.kind}"
        target = directory("JOB_STATE") if self.to_job else f"{self.root}/OUT/{self.target}/{self.target_kind}"
        names = _visible(source)
        if not names:
            return
        os.makedirs(target, exist_ok=True)
        for name in _visible(target):
            if not self._kept(name):
                _remove(f"{target}/{name}")
        for name in names:
            if not (self._kept(name) and (name == OUTPUT_VERSION or os.path.lexists(f"{target}/{name}"))):
                _copy(f"{source}/{name}", f"{target}/{name}")

    def _kept(self, name: str) -> bool:
        return self.to_job and (name == OUTPUT_VERSION or name.endswith(".env"))

    def metadata(self, webhook_only: bool) -> None:
        """FROM's property bag, or what a webhook gave of it, into TO's version. The name of the version stays."""
        if self.to_job:
            path = f"{directory('JOB_STATE')}/{OUTPUT_VERSION}"
            document = read_document(path) if os.path.isfile(path) else {}
            document = document if isinstance(document, dict) else {}
            document["propertyBag"] = self._bag(document.get("propertyBag"), webhook_only)
        else:
            path = f"{self.root}/OUT/{self.target}/version.json"
            document = read_document(path)
            if not isinstance(document, dict):
                raise RefusedError(f"shipctl: {path} holds no object")
            version = document.get("version")
            version = version if isinstance(version, dict) else {}
            document["version"] = {**version, "propertyBag": self._bag(version.get("propertyBag"), webhook_only)}
        replace_file(path, shown(document) + b"\n")

    def _bag(self, old: Json, webhook_only: bool) -> Json:
        given = self._given()
        if not webhook_only:
            return given
        bag = dict(old) if isinstance(old, dict) else {}
        if isinstance(given, dict):
            bag.update({key: given[key] for key in OF_WEBHOOKS if given.get(key) is not None})
        return bag

    def _given(self) -> Json:
        return find(read_document(f"{self.root}/IN/{self.source}/version.json"), "version.propertyBag")


def _visible(path: str) -> list[str]:
    return sorted(name for name in os.listdir(path) if not name.startswith(".")) if os.path.isdir(path) else []


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _copy(source: str, target: str) -> None:
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
