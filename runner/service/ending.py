"""What a build ends with: the verdict, what it gives out, and what whoever waits for it is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runner.errors import RunnerError
from runner.execution.launcher import Result
from runner.execution.model import EndedBy
from runner.job_user import JobUser
from runner.pipeline.model import Job
from runner.service.engine import Engine
from runner.service.handover import Handover
from runner.service.journal import Journal
from runner.service.ports import Ended
from runner.store.rows import BuildEnd, BuildRow, NewNotice
from runner.workspace.directory import BuildDirectory
from runner.workspace.outs import Given, process
from runner.workspace.saved_files import LIMIT
from runner.workspace.versions import NewVersion


@dataclass(frozen=True, slots=True)
class End:
    """The verdict on a build before it is recorded; see BuildEnd for the words."""

    status: str
    reason: str | None = None
    exit_code: int | None = None
    versions: tuple[NewVersion, ...] = ()
    by: EndedBy = EndedBy.RUNNER
    signal: int | None = None
    left_alive: tuple[str, ...] = ()
    dropped: tuple[int, int] = (0, 0)
    ended_at: datetime | None = None

    def to_record(self, journal: Journal, published: frozenset[str], notices: tuple[NewNotice, ...]) -> BuildEnd:
        """It as it is recorded: without what the log hides."""
        return BuildEnd(
            status=self.status,
            reason=journal.redact(self.reason) if self.reason else None,
            exit_code=self.exit_code,
            by=self.by,
            signal=self.signal,
            left_alive=tuple(map(journal.redact, self.left_alive)),
            dropped=self.dropped,
            ended_at=self.ended_at,
            published=published,
            notices=notices,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """`user` ran the scripts, if not this process's own user."""

    engine: Engine
    job: Job
    journal: Journal
    directory: BuildDirectory
    user: JobUser | None

    def end_of(self, result: Result, begun: Handover) -> End:
        """Read what the scripts left; where that cannot be read, the build is a failure of the script."""
        end = End(
            result.status,
            result.reason,
            result.exit_code,
            by=result.by,
            signal=result.signal,
            left_alive=result.left,
            dropped=result.dropped,
        )
        if result.status not in ("success", "failure"):
            return end
        try:
            given = self._given(begun, succeeded=result.status == "success")
        except (RunnerError, OSError) as error:
            return replace(end, status="failure", reason=str(error))
        return replace(end, versions=(*((given.job,) if given.job else ()), *given.outs))  # its own version first

    def _given(self, begun: Handover, *, succeeded: bool) -> Given:
        with self.journal.section("Cleanup") as section, section.step("Publish outputs"):
            given = process(
                self.directory.root,
                self.job,
                begun.dependencies,
                begun.before,
                succeeded=succeeded,
                note=section.warn,
                user=self.user,
                limit=self._saved_files_limit(),
            )
            for version in given.outs:
                # Not its name: a script may have told its supervisor of a secret that is not known here.
                section.note(f"OUT {version.node}: new version")
            return given

    def _saved_files_limit(self) -> int:
        """The host's, or the usual one; a job can only say less."""
        most = self.engine.limits.saved_files or LIMIT
        return min(most, self.job.runtime.limits.saved_files or most)


def published(engine: Engine, job: Job, end: End) -> frozenset[str]:
    """What got a version, and the jobs that the job names as OUT: they are triggered by its end alone."""
    versions = {version.node for version in end.versions if version.node != job.name}
    jobs = {
        out.name
        for out in job.outs
        if out.name in engine.jobs and (end.status == "success" or (end.status == "failure" and out.on_failure))
    }
    return frozenset(versions | jobs)


def ended(row: BuildRow, end: BuildEnd, duration: timedelta) -> Ended:
    """An end that is recorded, for whoever waits for it."""
    return Ended(
        build=row.id,
        job=row.job,
        number=row.number,
        status=end.status,
        reason=end.reason,
        duration=duration,
        item=row.item,
        by=end.by,
        published=end.published,
    )
