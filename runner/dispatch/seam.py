"""The seam between what should run and who runs it: everything that a scheduler may ask of a queue.

Recording a fact and queueing what follows from it is one transaction: `put`, `finish` and `bury` are synchronous
functions of the open transaction and do nothing of their own if it is rolled back. What a transaction is belongs to the
implementation (`Tx`): of `local` it is the store's SQLite transaction; of a queue on PostgreSQL it is the store's
transaction over a synchronous connection on a thread, which the queue's own SQL functions join.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol, TypeVar

AttemptId = NewType("AttemptId", int)
"""The fencing token: it counts up and is never given twice."""

Tx = TypeVar("Tx")
T = TypeVar("T")

Handler = Callable[[str, AttemptId], Awaitable[None]]
"""Runs the body of an attempt, given its payload. It may return only when the body has really ended: then the attempt
is `done`, unless the handler has finished it itself. What it raises makes the attempt `failed`.

A CancelledError reaches it for three reasons. Somebody aborts the attempt, or it was declared dead: end the body, then
let the error go on (`aborted`). Or `serve` itself ends: then the body may be left alive and the error must go on; the
attempt stays `doing`, and the next `serve` under the same worker name is handed it again. The scheduler can tell them
apart: it records the end that it wants before it asks for it, and it is the one that ends `serve`. An error that comes
in the middle of `finish` does not tell whether that was committed; to finish once more does (False: it was).
"""

Report = Callable[[Exception, AttemptId | None], None]
"""Hears what a handler raised (with its attempt), and each time that the database could not be used (StoreError)."""


class AttemptState(StrEnum):
    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One claim on a host, made once. `payload` is JSON that only the scheduler understands; `priority` 0 goes first;
    attempts with the same `lock` run one after another; `worker` None: nobody has claimed it."""

    id: AttemptId
    pool: str
    priority: int
    lock: str | None
    payload: str
    worker: str | None
    abort_wanted: bool = False


class Dispatch(Protocol[Tx]):
    """Who runs what. Every method raises StoreError where the database cannot be used, but for `serve`, which reports
    that and tries again."""

    async def transaction(self, work: Callable[[Tx], T]) -> T:
        """Everything `work` does is there or nothing of it."""
        ...

    def put(self, tx: Tx, *, pool: str, priority: int, lock: str | None, payload: str) -> AttemptId:
        """Queue an attempt; workers hear of it when the transaction is committed.

        In a pool the lowest priority goes first, then the eldest. Those with one lock run strictly in the order in
        which they were put, whatever their priorities and pools; the next begins after the body of the one before has
        ended, also after an abort.
        """
        ...

    def finish(self, tx: Tx, attempt_id: AttemptId) -> bool:
        """doing → done, in the transaction that records what came of it. False: it was declared dead or has ended
        already; then the caller must undo what else it did in this transaction (raise)."""
        ...

    def bury(self, tx: Tx, attempt_id: AttemptId) -> bool:
        """doing → failed: declare an orphan dead. A later finish is refused, and a handler that lives after all is
        cancelled. To run it again, `put` a new attempt in the same transaction. False: it was not `doing`."""
        ...

    async def serve(self, pools: Collection[str], slots: int, handler: Handler, *, worker: str, report: Report) -> None:
        """Claim attempts of these pools, at most `slots` at a time, and show signs of life, until cancelled.

        `worker` is a name that stays the same over restarts, and one live process has it. What it was doing when the
        last process with this name ended is handed to the handler first, with the attempt ids that it had; it counts
        against the slots and is never held back. Raises StoreError where another process has the name, and UsageError
        for a name that is no file name.
        """
        ...

    def hold(self) -> None:
        """Claim nothing more in this process until `go_on`; handlers that run go on. From the event loop only."""
        ...

    def go_on(self) -> None: ...

    async def abort(self, attempt_id: AttemptId) -> None:
        """End an attempt: one that waits never runs; where a handler runs, on whichever host, it gets a CancelledError
        (also one that is handed the attempt later). Nothing happens to an attempt that has ended."""
        ...

    async def orphans(self) -> Sequence[Attempt]:
        """Attempts that are `doing` and whose worker has shown no sign of life for too long, the eldest first. What
        this process serves itself is never among them."""
        ...

    async def state(self, attempt_id: AttemptId) -> AttemptState | None:
        """None: there never was such an attempt, or it ended so long ago that it is forgotten."""
        ...
