"""The implementations that the contract holds for. Each opens at a place (a directory, or what a server needs) that
other processes open too."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from runner.dispatch.local import Local
from runner.dispatch.seam import Dispatch
from runner.store.sqlite import SQLite

Opened = contextlib.AbstractAsyncContextManager[Dispatch[Any]]


@contextlib.asynccontextmanager
async def local(
    place: str, silence: timedelta = timedelta(minutes=1), beat: timedelta = timedelta(hours=1)
) -> AsyncIterator[Local]:
    """A beat this slow never comes in a test: whatever is not told to a worker stays unknown to it."""
    database = SQLite(Path(place) / "runner.db")
    await database.open()
    try:
        yield Local(database, Path(place) / "dispatch", beat=beat, silence=silence)
    finally:
        await database.close()


IMPLEMENTATIONS: Mapping[str, Callable[[str, timedelta], Opened]] = {"local": local}
