"""One build from its record to its versions: prepare, run, publish, each recorded before the next."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.context import Context
from runner.errors import RunnerError, SetupError
from runner.execution.launcher import Result, Supervised
from runner.execution.model import EndedBy
from runner.logs.records import DamagedLogError
from runner.pipeline.model import Job
from runner.secret import Secret
from runner.service import handover
from runner.service.ci.item import CiItem
from runner.service.engine import Engine
from runner.service.handover import Handover
from runner.service.journal import TOO_SHORT, Journal
from runner.service.notices import at_end, at_start
from runner.service.ports import Ended
from runner.service.preparation import Preparation, Prepared
from runner.service.room import Room
from runner.service.threads import finished
from runner.service.tidings import Tidings
from runner.store.rows import BuildEnd, BuildRow
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


class Build:
    """One build, new or taken over from a process that is gone. `run` may be called once; `cancel` at any time."""

    def __init__(self, engine: Engine, job: Job, row: BuildRow, ci: CiItem | None = None) -> None:
        """`ci`: it is an item of a CI build."""
        self._ci = ci
        self._engine = engine
        self._job = job
        self._row = row
        place = engine.store.build_directory(row.id).absolute()
        self.journal = Journal(place / "log.jsonl")
        self._place = place
        self._directory = BuildDirectory(place / "work")
        self._room = Room(place, row.id, engine.job_users)
        self._supervised: Supervised | None = None
        self._tidings = Tidings(engine, row.id)
        self._preparing: asyncio.Timeout | None = None
        self._cancelled: tuple[str, EndedBy] | None = None
        self._began = time.monotonic()
        self._taken_over = False

    @property
    def id(self) -> int:
        return self._row.id

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """End the build: its processes get TERM, a grace, KILL; while it is prepared, nothing more is started."""
        first = self._cancelled is None
        self._cancelled = self._cancelled or (reason, by)
        if self._supervised is not None:
            self._supervised.cancel(reason, by)
        elif self._preparing is not None and first:
            self._preparing.reschedule(asyncio.get_running_loop().time())

    def begin(self) -> None:
        """Make the log, so that it can be followed; one that is there already goes on. Raises OSError; then `fail` is
        what is left to do."""
        self.journal.open(self._row.id, self._job.name, self._row.number)

    async def fail(self, reason: str) -> Ended:
        """End a build that could not begin. Raises StoreError."""
        return await self._finish(End("error", reason))

    async def run(self) -> Ended:
        """Run it to its one recorded end. Only a failing store is raised (StoreError)."""
        try:
            end = await self._decide()
        except (RunnerError, OSError) as error:
            end = End("error", str(error))
        except Exception as error:  # noqa: BLE001 - here a build's end is decided: whatever broke, the build ends
            end = End("error", f"a bug of the runner ended this build: {type(error).__name__}: {error}")
        return await self._finish(end)

    async def _decide(self) -> End:
        job_type = self._engine.job_types.get(self._job.type)
        if job_type is None:
            raise SetupError(f"jobs of type {self._job.type} cannot run in this version")
        if self._row.status == "processing":  # another process had it
            running = await self._engine.launcher.adopt(self._place)
            if running is not None:
                return await self._take_over(running)
        prepared = await self._prepare()
        if prepared is None:
            return self._as_cancelled()
        try:
            if self._cancelled is not None:
                return self._as_cancelled()
            begun = Handover(prepared.variables.dependencies, prepared.before)
            await asyncio.to_thread(handover.write, self._place, begun)
            if self._row.item is None:
                await self._tidings.begin(at_start(self._job.hooks))
            result = await self._until_ended(job_type.run(self._context(prepared)))
        finally:
            prepared.grant.close()
            self._supervised = None
        return await self._ended(result, begun)

    async def _take_over(self, running: Supervised) -> End:
        """Go on with a build that another process has started: it runs, or it ended while nobody waited."""
        self._taken_over = True
        self._room.take_over()
        try:
            begun = handover.read(self._place, self._job)
            grant = await self._engine.persist(
                lambda: self._engine.credentials.restore(self._row, renewed=self._renewed, warn=self._warn)
            )
        except RunnerError:
            running.cancel("the runner cannot go on with this build", EndedBy.RUNNER)
            await running.wait()  # until then the log is its own
            raise
        try:
            self._started(running)
            await self._learn_secrets(begun)
            result = await self._until_ended(running.wait())
        finally:
            grant.close()
            self._supervised = None
        return await self._ended(replace(result, seq=0), begun)  # whoever had it may have written behind the supervisor

    async def _learn_secrets(self, begun: Handover) -> None:
        """What the supervisor hides already, for what this process adds to the log."""
        try:
            self.journal.mask(await self._engine.inputs.secrets_of(self._job, begun.dependencies))
            if self._ci is not None:
                self.journal.mask(secret for found in self._ci.opened().values() for secret in found.values())
        except RunnerError as error:
            self._warn(f"a secret is not known to the runner that took this build over: {error}")

    async def _ended(self, result: Result, begun: Handover) -> End:
        self.journal.resume(result.seq, result.next_id)
        if self._ci is not None:
            await self._ci.close(result.status, self.journal)
        return await asyncio.to_thread(self._publish, result, begun)

    def _as_cancelled(self) -> End:
        reason, by = self._cancelled or (None, EndedBy.USER)
        return End("cancelled", reason, by=by)

    async def _until_ended(self, running: Awaitable[Result]) -> Result:
        """The result. Where we are cancelled ourselves (another build has met a broken store), the processes end first,
        unless they may outlive us."""
        try:
            return await running
        except asyncio.CancelledError:
            if self._supervised is not None and self._engine.attached:
                self._supervised.cancel("the run was broken off", EndedBy.RUNNER)
                await self._supervised.wait()  # its supervisor keeps to the grace period and gives up in time
            elif self._supervised is not None:
                self._supervised.leave()
            raise

    async def _prepare(self) -> Prepared | None:
        """None when it was cancelled meanwhile."""
        preparation = Preparation(
            engine=self._engine,
            job=self._job,
            row=self._row,
            journal=self.journal,
            directory=self._directory,
            renewed=self._renewed,
            warn=self._warn,
            ci=self._ci,
        )
        try:
            async with asyncio.timeout(None if self._cancelled is None else 0) as self._preparing:
                if self._row.attempt is None:  # else whoever gave it to us has recorded that it begins
                    await self._engine.store.start_build(self._row.id)
                await self._room.reserve()
                for text in await finished(self._room.make):
                    self._warn(text)
                return await preparation.run()
        except TimeoutError:
            if self._preparing is None or not self._preparing.expired():
                raise
            return None
        finally:
            self._preparing = None

    def _context(self, prepared: Prepared) -> Context:
        return Context(
            job=self._job,
            directory=self._directory,
            variables=prepared.variables,
            launcher=self._engine.launcher,
            place=self._place,
            seq=self.journal.seq,
            next_id=self.journal.next_id,
            base=self._room.environment(self._engine.host.base),
            machine=self._engine.host.machine,
            secrets=self.journal.secrets,
            limits=self._engine.limits,
            grace=self._engine.grace,
            attached=self._engine.attached,
            started=self._started,
            user=self._room.user,
            ci=prepared.ci,
            hand_over=functools.partial(self._room.hand_over, self._directory),
        )

    def _started(self, supervised: Supervised) -> None:
        self._supervised = supervised
        supervised.mask(self.journal.secrets)  # what was renewed while it was being started
        self._tidings.hand_over(supervised)
        if self._cancelled is not None:
            supervised.cancel(*self._cancelled)

    def _publish(self, result: Result, begun: Handover) -> End:
        """Read what the scripts left; where that cannot be read, the build is a failure of the script."""
        end = End(
            result.status,
            result.reason,
            result.exit_code,
            by=result.by,
            signal=result.signal,
            left_alive=result.left,
            dropped=result.dropped,
            ended_at=result.ended_at if self._taken_over else None,
        )
        if result.status not in ("success", "failure"):
            return end
        try:
            with self.journal.section("Cleanup") as section, section.step("Publish outputs"):
                given = process(
                    self._directory.root,
                    self._job,
                    begun.dependencies,
                    begun.before,
                    succeeded=result.status == "success",
                    note=section.warn,
                    user=self._room.user,
                    limit=self._saved_files_limit(),
                )
                for version in given.outs:
                    # Not its name: a script may have told its supervisor of a secret that is not known here.
                    section.note(f"OUT {version.node}: new version")
        except (RunnerError, OSError) as error:
            return replace(end, status="failure", reason=str(error))
        return replace(end, versions=versions_of(given))

    def _saved_files_limit(self) -> int:
        """The host's, or the usual one; a job can only say less."""
        most = self._engine.limits.saved_files or LIMIT
        return min(most, self._job.runtime.limits.saved_files or most)

    async def _finish(self, end: End) -> Ended:
        reason = self.journal.redact(end.reason) if end.reason else None
        recorded = BuildEnd(
            status=end.status,
            reason=reason,
            exit_code=end.exit_code,
            by=end.by,
            signal=end.signal,
            left_alive=tuple(self.journal.redact(told) for told in end.left_alive),
            dropped=end.dropped,
            ended_at=end.ended_at,
            published=frozenset((*(v.node for v in end.versions if v.node != self._job.name), *self._jobs_out(end))),
            notices=self._tidings.of(at_end(self._job.hooks, end.status)) if self._row.item is None else (),
        )
        if not await self._record(recorded, end.versions):
            reason = "another process has recorded another end of this build"
            recorded = BuildEnd(status="error", reason=reason, by=EndedBy.RUNNER)
        duration = timedelta(seconds=time.monotonic() - self._began)
        if end.ended_at is not None:  # nobody looked at a clock meanwhile
            duration = max(timedelta(), end.ended_at - self._row.created_at)
        try:
            with contextlib.suppress(OSError, DamagedLogError):
                await self._run_hooks(recorded.status)
            with contextlib.suppress(OSError, DamagedLogError):
                await self._tidings.close(self.journal)
            with contextlib.suppress(OSError, DamagedLogError):
                await self._clear_away()
        finally:  # also where the service ends meanwhile: the next one clears away
            with contextlib.suppress(OSError, DamagedLogError):  # the store has the end, where the log cannot have it
                self.journal.end(recorded, duration)
        return Ended(
            build=self._row.id,
            job=self._job.name,
            number=self._row.number,
            status=recorded.status,
            reason=recorded.reason,
            duration=duration,
            item=self._row.item,
            by=recorded.by,
            published=recorded.published,
        )

    async def _record(self, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        if self._engine.finish is not None:
            return await self._engine.finish(self._row, end, versions)
        return await self._engine.store.finish_build(self._row.id, end, versions)

    def _jobs_out(self, end: End) -> Iterator[str]:
        """The jobs that the job names as OUT: they are triggered by its end alone."""
        for out in self._job.outs:
            if out.name in self._engine.jobs and (
                end.status == "success" or (end.status == "failure" and out.on_failure)
            ):
                yield out.name

    async def _run_hooks(self, status: str) -> None:
        if (hooks := self._engine.host_hooks) is not None:
            await hooks.after(self._engine.hooked(self._row, self._directory.root, status), self.journal)

    async def _clear_away(self) -> None:
        try:
            for text in await asyncio.to_thread(self._room.clear):
                self.journal.warn(text)
        except OSError as error:
            self.journal.warn(f"the build directory cannot be removed: {error}")

    def _renewed(self, secrets: Sequence[Secret]) -> None:
        if self.journal.mask(secrets):
            self._warn(f"{TOO_SHORT}a secret that came while the build runs")
        if self._supervised is not None:
            self._supervised.mask(secrets)

    def tell(self, text: str, level: str) -> None:
        """Have a line of the runner's own (info, warning) in the log, now or as soon as there is somebody to write it;
        none is written after the last record."""
        if self._supervised is not None:
            self._supervised.note(text, level)
        else:
            self._tidings.keep(text, level)

    def _warn(self, text: str) -> None:
        self.tell(text, "warning")


def versions_of(given: Given) -> tuple[NewVersion, ...]:
    """What is recorded: the job's own version first."""
    return (*((given.job,) if given.job else ()), *given.outs)
