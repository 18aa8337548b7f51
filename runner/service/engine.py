"""What all builds of a run share, and what they are run with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from jobs.context import JobType
from runner.execution.launcher import Launcher
from runner.pipeline.model import Job, Limits
from runner.service.ci.source import CiSource
from runner.service.host_hooks import HookedBuild, HostHooks
from runner.service.inputs import Inputs
from runner.service.job_users import JobUsers
from runner.service.persistence import Persist, once
from runner.service.ports import Credentials, Host, Records
from runner.store.rows import BuildEnd, BuildRow
from runner.store.store import Store
from runner.workspace.versions import NewVersion

if TYPE_CHECKING:
    from runner.service.courier import Courier
    from runner.service.notify_desk import NotifyDesk
    from runner.service.own_repository import Origin
    from runner.service.repositories import Repositories
    from runner.triggers.git_events import GitEvent

Finish: TypeAlias = Callable[[BuildRow, BuildEnd, Sequence[NewVersion]], Awaitable[bool]]
"""Records the end of a build with the versions it made; False where it had ended already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What all builds of a run share. `injected` are the `--param` variables, `reset` ignores the previous state;
    `limits` and `grace` are the host's; `attached`: builds end with this process; `job_users`: who builds run as,
    if not as this process. `finish` records ends where more than the build itself hangs on them; None: the store
    does. `persist` is how much patience builds have with a store that cannot be used. `courier` tells people of builds;
    None: nobody is told; `desk` sends what jobs want told with integrations that they do not get. `heads` are the
    commits that a local run, or one build of a service, has settled on, `ci` is the CI part of the checkout it is
    called in, `origin` tells where the file of a resource came from; `rehearsal` answers in the store's place where
    nothing is to be recorded."""

    store: Store
    jobs: Mapping[str, Job]
    inputs: Inputs
    job_types: Mapping[str, JobType]
    launcher: Launcher
    credentials: Credentials
    host: Host
    injected: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    limits: Limits = field(default_factory=Limits)
    grace: timedelta = timedelta(seconds=10)
    attached: bool = True
    job_users: JobUsers | None = None
    host_hooks: HostHooks | None = None
    finish: Finish | None = None
    persist: Persist = once
    courier: Courier | None = None
    desk: NotifyDesk | None = None
    heads: dict[str, GitEvent] = field(default_factory=dict)
    ci: CiSource | None = None
    origin: Origin = lambda name: None
    rehearsal: Records | None = None

    @property
    def records(self) -> Records:
        return self.rehearsal or self.store

    @property
    def repositories(self) -> Repositories:
        from runner.service.git import Git  # for builds that clone only
        from runner.service.repositories import Repositories

        return Repositories(Git(environment=self.host.base), self.heads, self.origin)

    async def record(self, row: BuildRow, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        """Record the end of a build with the versions it made; False where it had ended already. Raises StoreError."""
        if self.finish is not None:
            return await self.finish(row, end, versions)
        return await self.store.finish_build(row.id, end, versions)

    def hooked(self, row: BuildRow, directory: Path, status: str | None = None) -> HookedBuild:
        """A build as the host's hooks see it."""
        return HookedBuild(
            id=row.id, job=row.job, number=row.number, directory=directory, base=self.host.base, status=status
        )
