"""Attempts in the store, inside a transaction. Each change names the state that it expects."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from runner.dispatch.seam import Attempt, AttemptId, AttemptState
from runner.store.clock import now
from runner.store.sqlite import Transaction

KEPT = 10_000
"""How many of the newest attempts are remembered after their end; the older ones are forgotten with the beats."""
FORGOTTEN_AT_ONCE = 10_000


def claim(tx: Transaction, pools: Collection[str], worker: str, most: int) -> list[Attempt]:
    """todo → doing for at most `most` attempts, the most urgent first."""
    claimed: list[Attempt] = []
    while len(claimed) < most:
        heads = [row for pool in pools if (row := tx.row("first_of_pool", pool=pool)) is not None]
        if not heads:
            break
        head = min(heads, key=lambda row: (row["priority"], row["id"]))
        if tx.change("claim_attempt", id=head["id"], worker=worker, claimed_at=now()):
            claimed.append(attempt(head, worker))
    return claimed


def doing(tx: Transaction, worker: str) -> list[Attempt]:
    return [attempt(row, worker) for row in tx.rows("attempts_of_worker", worker=worker)]


def end(
    tx: Transaction, attempt_id: AttemptId, state: AttemptState, *, before: AttemptState, wake: Callable[[], None]
) -> bool:
    """Give an attempt its one end and its lock to the next in line, whose workers are woken; False where it was not in
    the state `before`."""
    if not tx.change("end_attempt", id=attempt_id, state=state, before=before, ended_at=now()):
        return False
    lock = tx.row("attempt", id=attempt_id)["lock"]
    if lock is not None and tx.change("unblock_next", lock=lock):
        tx.after_commit(wake)
    return True


def state(tx: Transaction, attempt_id: AttemptId) -> AttemptState | None:
    row = tx.row("attempt", id=attempt_id)
    return AttemptState(row["state"]) if row is not None else None


def beat(tx: Transaction, worker: str) -> None:
    """A sign of life, and on the way the oldest ended attempts are forgotten."""
    tx.change("beat", name=worker, boot=boot(), beat=time.monotonic())
    tx.change("forget_attempts", kept=KEPT, most=FORGOTTEN_AT_ONCE)


def silent(tx: Transaction, silence: timedelta) -> list[Attempt]:
    """What workers are doing that have shown no sign of life for so long. One from before the boot of this host has
    had the time since then."""
    values = {"moment": time.monotonic(), "boot": boot(), "silence": silence.total_seconds()}
    return [attempt(row, row["worker"]) for row in tx.rows("silent_attempts", **values)]


def attempt(row: Any, worker: str | None) -> Attempt:
    return Attempt(
        id=AttemptId(row["id"]),
        pool=row["pool"],
        priority=row["priority"],
        lock=row["lock"],
        payload=row["payload"],
        worker=worker,
        abort_wanted=bool(row["abort_wanted"]),
    )


def boot() -> str:
    """Which boot of this host the monotonic clock counts from."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
