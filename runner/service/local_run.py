"""A run of a pipeline on this host: the rules say which job starts, builds run, their ends go back into the rules."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from runner.errors import StoreError
from runner.logs.records import DamagedLogError
from runner.pipeline.model import Job
from runner.scheduling.one_pass import Command, Finished, LeaveOut, LocalRun, Start
from runner.service.build import Build
from runner.service.ci.build import CiBuild
from runner.service.ci.source import RUN_CI
from runner.service.engine import Engine
from runner.service.ports import Ended, Observer, Summary
from runner.store.rows import BuildRow

SHOWN_AFTER_S = 2.0
"""How long the rest of a log is still shown after an interrupt."""


@dataclass(slots=True)
class PipelineRun:
    """Runs the jobs that `rules` name. `interrupt` and `cancel` may be called at any time from the event loop.

    `history` are the builds that this run has already, where it goes on after its process was killed: those that ended
    in the order of their ends, then the others. `wanted` are the builds whose end was asked for, with the reason."""

    engine: Engine
    jobs: Mapping[str, Job]
    rules: LocalRun
    run_id: int
    observer: Observer
    history: Sequence[BuildRow] = ()
    wanted: dict[int, str] = field(default_factory=dict)
    _builds: dict[int, Build | CiBuild] = field(default_factory=dict)
    _ended: list[Ended] = field(default_factory=list)
    _left_out: list[LeaveOut] = field(default_factory=list)
    _interrupted: str | None = None
    _broken_off: bool = False
    _watching: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> Summary:
        """Returns when nothing runs any more and nothing more will start."""
        try:
            await self._run()
        except* StoreError as errors:
            raise _first(errors) from None
        return Summary(ended=tuple(self._ended), left_out=tuple(self._left_out), interrupted=self._broken_off)

    async def _run(self) -> None:
        ends: asyncio.Queue[Ended] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            running = self._follow(self._replayed(), group, ends)
            while running:
                ended = await ends.get()
                self._ended.append(ended)
                finished = Finished(ended.job, ended.status, ended.published)
                running += self._follow(self.rules.finished(finished), group, ends) - 1

    def _replayed(self) -> list[Command]:
        """What the rules say at the beginning and after every end that is recorded already. What was started then is
        gone on with if it has no end, whatever the rules say by now, and is else over."""
        commands = self.rules.begin()
        for row in self.history:
            self.wanted |= {row.id: row.cancel_reason} if row.cancel_reason is not None else {}
            if row.ended_at is not None:
                commands += self.rules.finished(Finished(row.job, row.status, row.published))
        begun = {row.job for row in self.history}
        going_on: list[Command] = [Start(row.job, row.triggered_by) for row in self.history if row.ended_at is None]
        return [*going_on, *(command for command in commands if command.job not in begun)]

    def cancel(self, build_id: int, reason: str) -> None:
        """Cancel one build, now or as soon as it begins."""
        self.wanted[build_id] = reason
        for build in self._builds.values():
            if build.id == build_id:
                build.cancel(reason)

    def tell(self, build_id: int, text: str, level: str) -> bool:
        """Have a line of the runner's own in the log of a build; False where that is closed."""
        build = next((build for build in self._builds.values() if build.id == build_id), None)
        if build is not None:
            build.tell(text, level)
        return build is not None

    def interrupt(self, reason: str) -> None:
        """Cancel what runs and start nothing more; of what has ended, show no more."""
        self._interrupted = reason
        stopped = self.rules.stop(f"not started: {reason}")
        self._broken_off = self._broken_off or bool(stopped or self._builds)
        self._leave_out(stopped)
        for build in self._builds.values():
            build.cancel(reason)
        for watching in self._watching:
            watching.cancel()

    def _follow(self, commands: Iterable[Command], group: asyncio.TaskGroup, ends: asyncio.Queue[Ended]) -> int:
        """Carry out commands; gives the number of builds started."""
        started = 0
        for command in commands:
            match command:
                case Start():
                    group.create_task(self._build(command, ends), name=f"build {command.job}")
                    started += 1
                case LeaveOut():
                    self._leave_out([command])
        return started

    async def _build(self, start: Start, ends: asyncio.Queue[Ended]) -> None:
        row = next((row for row in self.history if row.job == start.job), None)
        row = row or await self.engine.store.add_build(self.run_id, start.job, start.triggered_by)
        job = self.jobs[start.job]
        build = CiBuild(self.engine, job, row, self._item) if job.type == RUN_CI else Build(self.engine, job, row)
        ends.put_nowait(await self._run_one(build, row))

    async def _item(self, build: Build, row: BuildRow) -> Ended:
        """One item of a CI build, shown as every other build."""
        ended = await self._run_one(build, row)
        self._ended.append(ended)
        return ended

    async def _run_one(self, build: Build | CiBuild, row: BuildRow) -> Ended:
        try:
            build.begin()
        except OSError as error:
            ended = await build.fail(f"the log of the build cannot be written: {error}")
        else:
            ended = await self._begun(build, row)
        with self._shown():
            self.observer.ended(ended)
        return ended

    async def _begun(self, build: Build | CiBuild, row: BuildRow) -> Ended:
        self._builds[row.id] = build
        if (reason := self._interrupted or self.wanted.get(row.id)) is not None:
            build.cancel(reason)
        with self._shown():
            self.observer.started(row, build.journal.path)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch(build, row))
            ended = await build.run()
            if build.journal.ended:
                await self._finish_watching(watching)
            else:
                watching.cancel()  # the log has no end that could be waited for
        del self._builds[row.id]
        return ended

    async def _finish_watching(self, watching: asyncio.Task[None]) -> None:
        """Show the rest of a log, but not for long where somebody has interrupted the run."""
        self._watching.add(watching)
        await asyncio.wait([watching], timeout=None if self._interrupted is None else SHOWN_AFTER_S)
        self._watching.discard(watching)
        watching.cancel()

    async def _watch(self, build: Build | CiBuild, row: BuildRow) -> None:
        try:
            with self._shown():
                await self.observer.watch(row, build.journal.path)
        except DamagedLogError as error:
            with self._shown():
                self.observer.notice(f"the log of {row.name} is shown no further: {error}")

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Around everything that is shown: a pipe or terminal that is gone interrupts the run, nothing breaks it."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                with suppress(OSError):
                    self.observer.notice(f"something cannot be shown ({error}); the run goes on")
            elif self._interrupted is None:
                self.interrupt(f"its output cannot be written: {error.strerror}")

    def _leave_out(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, LeaveOut):
                self._left_out.append(command)
                with self._shown():
                    self.observer.left_out(command.job, command.reason)


def _first(errors: BaseExceptionGroup[StoreError]) -> BaseException:
    """One error of a group: the store fails for all builds alike."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
