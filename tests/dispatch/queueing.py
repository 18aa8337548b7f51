"""Putting attempts into the queue of a test, and changing its database behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId


async def put(dispatch: Local, text: str, lock: str | None = None, pool: str = "default") -> AttemptId:
    return await dispatch.transaction(lambda tx: dispatch.put(tx, pool=pool, priority=100, lock=lock, payload=text))


@contextmanager
def changed(place: Path) -> Iterator[sqlite3.Connection]:
    """The database behind the back of those that use it."""
    with closing(sqlite3.connect(place / "runner.db", isolation_level=None)) as database:
        yield database
