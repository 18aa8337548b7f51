"""The claim loop of one worker: it looks whenever it is woken, at the latest for the next beat."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from runner.dispatch import attempts
from runner.dispatch.seam import Attempt, AttemptId, AttemptState, Handler, Report
from runner.errors import StoreError
from runner.store.sqlite import SQLite, Transaction

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who serves what, and what for."""

    name: str
    pools: Collection[str]
    slots: int
    handler: Handler
    report: Report
    beat: timedelta


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the store gave: attempts to start now, and the ids of running ones that are to end."""

    begin: list[Attempt]
    abort: list[AttemptId]
    buried: list[AttemptId]


@dataclass(slots=True)
class Body:
    """A running handler. `open`: it has begun and not ended, so that a CancelledError reaches it and nothing else."""

    task: asyncio.Task[None]
    open: bool = False
    cancelled: bool = False

    def cancel(self) -> None:
        if self.open and not self.cancelled:
            self.cancelled = True
            self.task.cancel()


@dataclass(slots=True)
class Serving:
    """`held` True: claim nothing. Set `changed` to have it look again. `wake` tells the other workers to look."""

    worker: Worker
    database: SQLite
    wake: Callable[[], None]
    held: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _bodies: dict[AttemptId, Body] = field(default_factory=dict)
    _resumed: bool = False
    _next_beat: float = 0.0

    async def run(self) -> None:
        """Until cancelled; then every handler is cancelled, and what it leaves alive stays `doing`."""
        pauses = _pauses()
        async with asyncio.TaskGroup() as group:
            while True:
                self.changed.clear()  # before the look: what is committed from here on wakes us
                try:
                    seen = await self._look()
                except StoreError as error:
                    self.worker.report(error, None)
                    await asyncio.sleep(next(pauses))
                    continue
                pauses = _pauses()
                for attempt in seen.begin:
                    task = group.create_task(self._run(attempt), name=f"attempt {attempt.id}")
                    self._bodies[attempt.id] = Body(task)
                for attempt_id in (*seen.abort, *seen.buried):
                    if (body := self._bodies.get(attempt_id)) is not None:
                        body.cancel()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._next_beat - time.monotonic()):
                        await self.changed.wait()

    async def _look(self) -> Seen:
        free = 0 if self.held else max(0, self.worker.slots - len(self._bodies))
        beats = time.monotonic() >= self._next_beat
        running = [attempt_id for attempt_id, body in self._bodies.items() if body.open]
        change = self.database.transaction if free or beats or not self._resumed else self.database.read
        seen = await change(lambda tx: self._work(tx, free, beats, running))
        self._resumed = True
        if beats:
            self._next_beat = time.monotonic() + self.worker.beat.total_seconds()
        return seen

    def _work(self, tx: Transaction, free: int, beats: bool, running: Collection[AttemptId]) -> Seen:
        """The look itself, on the store's thread."""
        name = self.worker.name
        if beats:
            attempts.beat(tx, name)
        mine = attempts.doing(tx, name)
        begin = mine if not self._resumed else []
        begin = begin + attempts.claim(tx, self.worker.pools, name, free - len(begin))
        known = {attempt.id for attempt in mine}
        buried = [i for i in running if i not in known and attempts.state(tx, i) is AttemptState.FAILED]
        return Seen(begin, [attempt.id for attempt in mine if attempt.abort_wanted], buried)

    async def _run(self, attempt: Attempt) -> None:
        body = self._bodies[attempt.id]
        body.open = True
        if attempt.abort_wanted:
            self.changed.set()  # a CancelledError would not have reached the handler before this moment
        try:
            state = await self._outcome(attempt, body)
            body.open = False
            await self._record(attempt.id, state)
        finally:
            del self._bodies[attempt.id]
            self.changed.set()

    async def _outcome(self, attempt: Attempt, body: Body) -> AttemptState:
        """How the handler ended. A CancelledError that is not ours goes on: `serve` ends."""
        try:
            await self.worker.handler(attempt.payload, attempt.id)
        except asyncio.CancelledError as error:
            if body.task.cancelling() > body.cancelled:
                raise
            if body.cancelled:
                return AttemptState.ABORTED
            self.worker.report(RuntimeError(f"a handler has cancelled itself: {error!r}"), attempt.id)
            return AttemptState.FAILED
        except Exception as error:  # noqa: BLE001  (the end of an attempt is decided here; others go on)
            self.worker.report(error, attempt.id)
            return AttemptState.FAILED
        return AttemptState.DONE

    async def _record(self, attempt_id: AttemptId, state: AttemptState) -> None:
        """Nothing changes where the handler has finished the attempt itself, or where it was declared dead."""

        def work(tx: Transaction) -> bool:
            return attempts.end(tx, attempt_id, state, before=AttemptState.DOING, wake=self.wake)

        for pause in _pauses():
            try:
                await self.database.transaction(work)
                return
            except StoreError as error:
                self.worker.report(error, attempt_id)
                await asyncio.sleep(pause)


def _pauses() -> Iterator[float]:
    """Seconds, growing."""
    pause = SHORTEST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE_S)
