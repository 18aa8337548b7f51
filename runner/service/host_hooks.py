"""Programs of the host's owner that run before the first command of every build and after its end.

In one directory `pre-build` and `post-build` are each a program, or a directory of programs that run in the order of
their names. They run as the runner's own user, so they are run only if nobody else can change them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from runner.errors import SetupError
from runner.service.hook_process import HookEnd, run_to_its_end
from runner.service.journal import Journal


class Moment(StrEnum):
    PRE_BUILD = "pre-build"
    POST_BUILD = "post-build"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookedBuild:
    """What hooks are told about a build. `base` is the environment that they start from, `status` the end of the build
    (None: it has not begun)."""

    id: int
    job: str
    number: int
    directory: Path
    base: Mapping[str, str]
    status: str | None = None

    def environment(self, moment: Moment, hook: str) -> dict[str, str]:
        told = {
            "RUNNER_HOOK": str(moment),
            "RUNNER_HOOK_NAME": hook,
            "RUNNER_BUILD_ID": str(self.id),
            "RUNNER_JOB": self.job,
            "RUNNER_BUILD_NUMBER": str(self.number),
            "RUNNER_BUILD_DIR": str(self.directory),
        }
        return {**self.base, **told, **({} if self.status is None else {"RUNNER_STATUS": self.status})}


@dataclass(frozen=True, slots=True)
class HostHooks:
    """`directory` holds `pre-build` and `post-build`, each may be missing; `limit` is for every single hook."""

    directory: Path
    limit: timedelta = timedelta(seconds=60)

    async def before(self, build: HookedBuild, journal: Journal) -> None:
        """Run what comes before a build; nothing of a hook is left then. Raises SetupError at the first one that does
        not succeed."""
        for hook in self.find(Moment.PRE_BUILD):
            await self._run(hook, Moment.PRE_BUILD, build, journal)

    async def after(self, build: HookedBuild, journal: Journal) -> None:
        """Run everything that comes after a build; what goes wrong is a warning in its log. Raises OSError where the
        log cannot be written."""
        try:
            hooks = list(self.find(Moment.POST_BUILD))
        except SetupError as error:
            journal.warn(str(error))
            return
        for hook in hooks:
            try:
                await self._run(hook, Moment.POST_BUILD, build, journal)
            except SetupError as error:
                journal.warn(str(error))

    def find(self, moment: Moment) -> Iterator[Path]:
        """The hooks of one moment, in the order of their names; hidden files and backups (`name~`) are none. Raises
        SetupError for one that may not be run."""
        place = self.directory / moment
        if not os.path.lexists(place):
            return
        for trusted in (self.directory, place):
            _refuse_untrusted(trusted)
        for hook in _programs(place):
            _refuse_untrusted(hook)
            _refuse_other_than_programs(hook)
            yield hook

    async def _run(self, hook: Path, moment: Moment, build: HookedBuild, journal: Journal) -> None:
        with journal.section(f"Host hook {moment}: {hook.name}") as section:
            environment = build.environment(moment, hook.name)
            try:
                end = await run_to_its_end(hook, environment, self.limit, section.output)
            except OSError as error:
                raise SetupError(f"the host hook {hook} cannot be run: {error.strerror or error}") from error
            for text in end.left:
                section.warn(f"the host hook {hook.name} left a process running, which was killed: {text}")
            if (why := self._failure(end)) is not None:
                section.exit = end.status if end.status is not None and end.status > 0 else None
                raise SetupError(f"the host hook {hook} ({moment}) {why}")

    def _failure(self, end: HookEnd) -> str | None:
        if end.status is None:
            return f"did not end within {self.limit.total_seconds():g} s and was killed"
        if end.status < 0:
            return f"was ended by signal {-end.status}"
        return f"ended with exit status {end.status}" if end.status else None


def _programs(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    try:
        names = sorted(os.listdir(place))
    except OSError as error:
        raise SetupError(f"the host hooks in {place} cannot be read: {error.strerror}") from error
    return [place / name for name in names if not name.startswith(".") and not name.endswith("~")]


def _refuse_untrusted(path: Path) -> None:
    """Whoever can change it can do what the runner can do. Raises SetupError."""
    try:
        status = path.lstat()
    except OSError as error:
        raise SetupError(f"the host hook {path} cannot be looked at: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise SetupError(f"the host hook {path} is not run: it is a link; put the program itself there")
    if status.st_uid not in (0, os.geteuid()):
        raise SetupError(f"the host hook {path} is not run: it belongs to another user; chown it to root")
    if status.st_mode & 0o022:
        raise SetupError(f"the host hook {path} is not run: others can write it; chmod go-w it")


def _refuse_other_than_programs(path: Path) -> None:
    if not path.is_file() or not os.access(path, os.X_OK):
        raise SetupError(f"the host hook {path} is no executable file: chmod +x it, or take it away")
