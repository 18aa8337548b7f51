"""The ticks of `time` resources inside one transaction: none comes twice."""

from __future__ import annotations

from datetime import datetime

from runner.store.clock import written
from runner.store.rows import moment
from runner.store.sqlite import Transaction


def last(tx: Transaction) -> dict[str, datetime | None]:
    """The newest tick of each `time` resource; None: there was none, and its time has not begun."""
    return {row["name"]: moment(row["ticked_at"]) for row in tx.rows("ticks")}


def begin(tx: Transaction, name: str, now: datetime) -> bool:
    """Count ticks of a new resource from now on."""
    return bool(tx.change("set_ticked", name=name, tick=written(now)))


def tick(tx: Transaction, name: str, at: datetime) -> bool:
    """Record a tick; False where it is not later than the last one."""
    return bool(tx.change("tick", name=name, tick=written(at)))
