"""Running the builds that a service gives out, from the claim to the recorded end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog

from runner.dispatch.seam import AttemptId
from runner.errors import RunnerError, StoreError
from runner.execution.model import EndedBy
from runner.logs.segments import size_on_disk
from runner.scheduling.events import Ended as EndedEvent
from runner.scheduling.rules import Rules
from runner.service.build import Build
from runner.service.ci.build import CiBuild
from runner.service.ci.source import RUN_CI
from runner.service.decisions import Decisions, Facts
from runner.service.engines import Engines
from runner.service.metrics import Metrics
from runner.service.persistence import persistently
from runner.service.ports import Ended
from runner.store import ends, queueing, views
from runner.store.rows import BuildEnd, BuildRow
from runner.store.sqlite import Transaction
from runner.store.store import Store
from runner.workspace.versions import NewVersion

log = structlog.stdlib.get_logger("runner.builds")


class Finishing(Protocol):
    """The side of the dispatch that is told of the end of an attempt, inside a transaction."""

    def finish(self, tx: Transaction, attempt_id: AttemptId) -> bool: ...


class Building:
    """`run` is what the dispatch calls for each attempt; `cancel` may be called at any time from the event loop.

    `users`: how many builds can have a user of their own, None where they need none. A build keeps its user for some
    moments after its end, when the next one has its slot already: that one waits. `items`: how many items of CI builds
    run at once, whatever else runs: the builds that they are items of have a slot each and run nothing."""

    def __init__(
        self,
        store: Store,
        decisions: Decisions,
        engines: Engines,
        attempts: Finishing,
        metrics: Metrics,
        *,
        users: int | None = None,
        items: int = 4,
    ) -> None:
        self._users: AbstractAsyncContextManager[object] = asyncio.Semaphore(users) if users else nullcontext()
        self._items = asyncio.Semaphore(items)
        self._store = store
        self._decisions = decisions
        self._engines = engines
        self._attempts = attempts
        self._metrics = metrics
        self._running: dict[int, Build | CiBuild] = {}
        self._parents: dict[int, int] = {}
        self._beginning: dict[int, tuple[str, EndedBy] | None] = {}

    @property
    def running(self) -> tuple[int, ...]:
        """The builds that this process looks after."""
        return tuple(self._running)

    async def run(self, payload: str, attempt: AttemptId) -> None:
        """Run one attempt to its recorded end. Returns at once where the build is not this attempt's any more."""
        build_id = int(json.loads(payload)["build"])
        self._beginning[build_id] = None  # a cancel that comes between its claim and its beginning is not missed
        try:
            await self._claim(build_id, attempt)
        finally:
            self._beginning.pop(build_id, None)

    async def _claim(self, build_id: int, attempt: AttemptId) -> None:
        row = await _persistently(lambda: self._store.transaction(lambda tx: queueing.claim(tx, build_id, attempt)))
        if row is None:
            log.warning("build.not_ours", build=build_id, attempt=attempt)
            return
        self._decisions.tell_change()
        with structlog.contextvars.bound_contextvars(build=row.id, job=row.job, number=row.number, attempt=attempt):
            adopted = row.status == "processing"
            log.info("build.adopted" if adopted else "build.claimed", triggered_by=row.triggered_by, pool=row.pool)
            self._metrics.claimed(row, adopted=adopted)
            await self._run(row)

    def tell(self, build_id: int, text: str, level: str) -> None:
        """Have a line of the runner's own in the log of a build, if that is open here."""
        if (build := self._running.get(build_id)) is not None:
            build.tell(text, level)

    def cancel(self, build_id: int, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """End a build that runs here; one that does not run yet is ended when it would begin, by what is recorded."""
        if (build := self._running.get(build_id)) is not None:
            build.cancel(reason, by)
            for item, parent in self._parents.items():
                if parent == build_id and (running := self._running.get(item)) is not None:
                    running.cancel(reason, by)
        elif build_id in self._beginning:
            self._beginning[build_id] = (reason, by)

    async def _run(self, row: BuildRow) -> None:
        try:
            engine = await _persistently(lambda: self._engines.of(row, self._finish))
        except RunnerError as error:
            await self._give_up(row, str(error))
            return
        except Exception as error:
            log.exception("build.bug")  # whatever broke, the build ends
            await self._give_up(row, f"a bug of the runner ended this build: {type(error).__name__}: {error}")
            return
        job = engine.jobs.get(row.job)
        if job is None:
            await self._give_up(row, "the job was removed")
            return
        engine = replace(engine, persist=_persistently)
        if job.type == RUN_CI:  # its items are what runs
            await self._run_one(CiBuild(engine, job, row, partial(self._item, row.id), self._record), row)
            return
        async with self._users:
            await self._run_one(Build(engine, job, row), row)

    async def _item(self, parent: int, build: Build, row: BuildRow) -> Ended:
        """One item of a CI build."""
        async with self._items, self._users:
            self._parents[row.id] = parent
            try:
                known = await _persistently(lambda: self._store.read(lambda tx: views.build(tx, row.id)))
                return await self._run_one(build, known or row)
            finally:
                del self._parents[row.id]

    async def _run_one(self, build: Build | CiBuild, row: BuildRow) -> Ended:
        self._running[row.id] = build
        try:
            if (wanted := self._beginning.pop(row.id, None)) is not None:
                build.cancel(*wanted)
            elif row.cancel_reason is not None:
                build.cancel(row.cancel_reason)
            try:
                build.begin()
            except OSError as error:
                ended = await build.fail(f"the log of the build cannot be written: {error}")
            else:
                self._decisions.tell_change()
                ended = await build.run()
            log.info("build.ended", build=row.id, status=ended.status, reason=ended.reason, by=ended.by)
            if row.item is not None:
                return ended
            place = self._store.build_directory(row.id) / "log.jsonl"
            self._metrics.build_ended(ended, await asyncio.to_thread(size_on_disk, str(place)))
            return ended
        finally:
            del self._running[row.id]
            self._decisions.tell_change()  # whoever follows the log has all of it now

    async def _record(self, work: Callable[[Transaction], list[BuildRow]]) -> list[BuildRow]:
        """Items get ids that the rules did not give: they are told of it."""
        return (await self._decisions.decide(lambda tx, rules: Facts(work(tx), behind_rules=True))).value

    async def _give_up(self, row: BuildRow, reason: str) -> None:
        """End a build of which nothing can run."""
        log.error("build.impossible", reason=reason)
        await self._finish(row, BuildEnd(status="error", reason=reason, by=EndedBy.RUNNER), ())

    async def _finish(self, row: BuildRow, end: BuildEnd, versions: Sequence[NewVersion]) -> bool:
        """Record the end of a build, of its attempt, and what follows from it, in one transaction."""
        attempt = AttemptId(row.attempt or 0)

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            if not self._attempts.finish(tx, attempt) or not ends.finish(tx, row.id, end, versions, attempt):
                return Facts(False)
            return Facts(True, [EndedEvent(row.id, end.status, end.published)])

        decided = await _persistently(lambda: self._decisions.decide(change))
        return decided.value


def _told(error: StoreError, pause_s: float) -> None:
    log.error("store.unusable", error=str(error), again_in_s=pause_s)


_persistently = persistently(_told)
