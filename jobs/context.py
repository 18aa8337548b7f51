"""What a job type gets to run one build, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from runner.execution.launcher import Launcher, Result, Supervised
from runner.job_user import JobUser
from runner.pipeline.model import Job, Limits
from runner.secret import Secret
from runner.workspace.ci import CiWork
from runner.workspace.directory import BuildDirectory
from runner.workspace.variables import JobVariables


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A prepared build. `place` is where its log is and its result will be; `seq` and `next_id` say where the log goes
    on; `base` is the environment that its shells start with; `machine` the processor; `limits` and `grace` are the
    host's; `attached`: it ends with this process; `user`: who its shells run as, if not as this process: then
    `hand_over`, which blocks, is called when everything is written that they will find. `started` is called once with
    the supervised process, as soon as there is one. `ci` is what an item of a CI build runs."""

    job: Job
    directory: BuildDirectory
    variables: JobVariables
    launcher: Launcher
    place: Path
    seq: int
    next_id: int
    base: Mapping[str, str]
    machine: str
    secrets: Sequence[Secret]
    limits: Limits
    grace: timedelta
    attached: bool
    started: Callable[[Supervised], None]
    user: JobUser | None = None
    ci: CiWork | None = None
    hand_over: Callable[[], None] = lambda: None


class JobType(Protocol):
    """How one type of job is run. A failed script is a Result; SetupError is raised where no user command ran."""

    async def run(self, context: Context) -> Result: ...
