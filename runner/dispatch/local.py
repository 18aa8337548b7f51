"""The queue of one host, in the store's own SQLite file.

Workers are processes of this host: signs of life are measured on its monotonic clock, which no change of the wall clock
touches, and the age of an attempt is its id. A worker holds `<directory>/<name>.lock` while it serves.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from runner.dispatch import attempts
from runner.dispatch.seam import Attempt, AttemptId, AttemptState, Handler, Report
from runner.dispatch.serving import Serving, Worker
from runner.dispatch.waking import wake, woken
from runner.errors import StoreError, UsageError
from runner.store.clock import now
from runner.store.locks import try_acquire
from runner.store.sqlite import SQLite, Transaction

T = TypeVar("T")


class Local:
    """`Dispatch[Transaction]` over an open database. `beat`: how often a worker shows that it lives; `silence`: after
    how long without it its attempts are orphans, longer than the database may be locked."""

    def __init__(
        self,
        database: SQLite,
        directory: Path,
        *,
        beat: timedelta = timedelta(seconds=5),
        silence: timedelta = timedelta(seconds=60),
    ) -> None:
        self._database = database
        self._directory = directory
        self._beat = beat
        self._silence = silence
        self._serving: dict[str, Serving] = {}
        self._held = False

    async def transaction(self, work: Callable[[Transaction], T]) -> T:
        return await self._database.transaction(work)

    def put(self, tx: Transaction, *, pool: str, priority: int, lock: str | None, payload: str) -> AttemptId:
        values = {"pool": pool, "priority": priority, "lock": lock, "payload": payload}
        attempt_id = tx.insert("put_attempt", created_at=now(), **values)
        tx.after_commit(self._wake)
        return AttemptId(attempt_id)

    def finish(self, tx: Transaction, attempt_id: AttemptId) -> bool:
        return attempts.end(tx, attempt_id, AttemptState.DONE, before=AttemptState.DOING, wake=self._wake)

    def bury(self, tx: Transaction, attempt_id: AttemptId) -> bool:
        tx.after_commit(self._wake)  # also for the handler, should it live after all
        return attempts.end(tx, attempt_id, AttemptState.FAILED, before=AttemptState.DOING, wake=self._wake)

    async def serve(self, pools: Collection[str], slots: int, handler: Handler, *, worker: str, report: Report) -> None:
        who = Worker(name=worker, pools=pools, slots=slots, handler=handler, report=report, beat=self._beat)
        serving = Serving(who, self._database, self._wake, held=self._held)
        with _alone(self._directory, worker), woken(self._directory, serving.changed.set):
            self._serving[worker] = serving
            try:
                await serving.run()
            finally:
                del self._serving[worker]

    def hold(self) -> None:
        self._set_held(True)

    def go_on(self) -> None:
        self._set_held(False)

    async def abort(self, attempt_id: AttemptId) -> None:
        def work(tx: Transaction) -> None:
            if attempts.end(tx, attempt_id, AttemptState.ABORTED, before=AttemptState.TODO, wake=self._wake):
                return
            if tx.change("want_abort", id=attempt_id):
                tx.after_commit(self._wake)

        await self._database.transaction(work)

    async def orphans(self) -> Sequence[Attempt]:
        # A transaction that could write: while the database is locked nobody can show a sign of life.
        silent = await self._database.transaction(lambda tx: attempts.silent(tx, self._silence))
        return [attempt for attempt in silent if attempt.worker not in self._serving]

    async def state(self, attempt_id: AttemptId) -> AttemptState | None:
        return await self._database.read(lambda tx: attempts.state(tx, attempt_id))

    def _set_held(self, held: bool) -> None:
        self._held = held
        for serving in self._serving.values():
            serving.held = held
            serving.changed.set()

    def _wake(self) -> None:
        wake(self._directory)


@contextlib.contextmanager
def _alone(directory: Path, worker: str) -> Iterator[None]:
    """Hold the name of a worker."""
    if worker in ("", ".", "..") or "/" in worker or "\0" in worker:
        raise UsageError(f"{worker!r} cannot be the name of a worker: give it one that can be the name of a file")
    path = directory / f"{worker}.lock"
    lock = try_acquire(path)
    if lock is None:
        raise StoreError(
            f"another process serves as {worker}: end it, or give this one another name ({path} is locked)"
        )
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
