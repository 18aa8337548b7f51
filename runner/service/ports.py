"""What a build needs from the outside: the seams that the composition root fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import In, Out
from runner.scheduling.one_pass import LeaveOut
from runner.secret import Secret
from runner.store.rows import BuildRow, build_name
from runner.store.versions import Selected
from runner.workspace.variables import Variable
from runner.workspace.versions import SavedFile


@dataclass(frozen=True, slots=True)
class RoleUse:
    """An AWS IAM integration that a build reaches. `regions` are those that its resources name with it, in step order,
    each with the step (`IN aws`)."""

    integration: ResolvedIntegration
    regions: tuple[tuple[str, str], ...] = ()

    @property
    def region(self) -> str | None:
        """The first one that is named counts."""
        return self.regions[0][1] if self.regions else None

    @property
    def conflict(self) -> str | None:
        """The sentence for the log where resources name different regions."""
        others = [f"{step} names {region}" for step, region in self.regions if region != self.region]
        if not others:
            return None
        step, region = self.regions[0]
        name = self.integration.name
        return f"AWS: the region of '{name}' is {region}, from {step}; {', '.join(others)}, which does not count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a build ended. `published` are the resources that got a new version from it; `by` says who or what ended
    it; `item` is which one of a CI build it is."""

    build: int
    job: str
    number: int
    status: str
    reason: str | None
    duration: timedelta
    by: str
    published: frozenset[str] = frozenset()
    item: int | None = None

    @property
    def name(self) -> str:
        """How people name it."""
        return build_name(self.job, self.number, self.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The credentials of one build, alive until `close`.

    `config` is the text of its AWS config file, `notes` and `warnings` are lines for its log."""

    variables: Sequence[Variable]
    config: str
    secrets: Sequence[Secret] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    close: Callable[[], None] = lambda: None


class Credentials(Protocol):
    """Gives a build the credentials of its roles; raises CredentialsError with the sentence to read.

    `config_file` is where the build's AWS config file will stand. `renewed` gets secrets that came later, `warn` a
    sentence for the log of the build.
    """

    async def grant(
        self,
        build: BuildRow,
        roles: Sequence[RoleUse],
        *,
        config_file: Path,
        renewed: Callable[[Sequence[Secret]], None],
        warn: Callable[[str], None],
    ) -> Grant: ...

    async def restore(
        self, build: BuildRow, *, renewed: Callable[[Sequence[Secret]], None], warn: Callable[[str], None]
    ) -> Grant:
        """Go on answering a build that another process has given its credentials to."""


class Records(Protocol):
    """What a build asks the store for before it begins: see Store. A rehearsal answers as well."""

    async def select(self, steps: Iterable[In | Out]) -> tuple[Selected, ...]: ...

    async def take_inputs(self, build: BuildRow, steps: Sequence[In | Out]) -> tuple[Selected, ...]: ...

    async def previous_state(self, job: str) -> tuple[SavedFile, ...]: ...

    async def node_id(self, name: str) -> int: ...


class Observer(Protocol):
    """Who watches a run: called as things happen, must not block."""

    def started(self, build: BuildRow, log: Path) -> None: ...

    def notice(self, text: str) -> None:
        """A sentence about the run itself."""

    def left_out(self, job: str, reason: str) -> None: ...

    def ended(self, ended: Ended) -> None: ...

    async def watch(self, build: BuildRow, log: Path) -> None:
        """Show the log of a build while it grows; returns when the log has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to: the builds that ended, in that order, and the jobs left out with the reason."""

    ended: tuple[Ended, ...]
    left_out: tuple[LeaveOut, ...]
    interrupted: bool

    @property
    def succeeded(self) -> bool:
        """The items of a CI build make its end; by themselves they do not count."""
        return all(ended.status == "success" for ended in self.ended if ended.item is None)


class Output(Observer, Protocol):
    """An observer that is told the plan's digest first and the whole outcome last."""

    def live(self) -> AbstractContextManager[object]:
        """Around the whole run."""

    def planned(self, digest: str, jobs: int) -> None: ...

    def summary(self, summary: Summary) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the host gives to each job: the shell's environment, the directory of our commands, the processor."""

    base: Mapping[str, str]
    commands: Path
    machine: str
    user: str
