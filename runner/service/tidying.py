"""The last work on a build that has its end: the log gets its last record, the working tree goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from runner.errors import RunnerError
from runner.logs.records import DamagedLogError
from runner.logs.segments import names
from runner.service.journal import Journal
from runner.service.repair import has_result
from runner.store.rows import BuildEnd, BuildRow
from runner.store.store import Store
from runner.workspace.place import close
from runner.workspace.removal import remove_all_but

KEPT = names("log.jsonl") | {"result.json", "lock"}
"""What stays of a build when it has ended."""


def tidy(place: Path, row: BuildRow) -> None:
    """Do what the process could not do that recorded the end of this build and was killed then. A damaged log stays as
    it is. Raises RunnerError."""
    journal = Journal(place / "log.jsonl")
    try:
        if journal.path.exists() and not has_result(journal.path):
            journal.resume(0, 0)
            journal.end(_end(row), _duration(row))
        close(place)
        remove_all_but(place, KEPT)
    except (OSError, ValueError, KeyError, DamagedLogError) as error:
        raise RunnerError(f"what a killed run left in {place} cannot be tidied: {error}") from error


async def tidy_all(store: Store, rows: Sequence[BuildRow], notice: Callable[[str], None]) -> None:
    """`tidy` for every build that has its end; what goes wrong with one is told, the others are done all the same."""
    for row in rows:
        if row.ended_at is not None:
            try:
                await asyncio.to_thread(tidy, store.build_directory(row.id), row)
            except RunnerError as error:
                notice(str(error))


def _end(row: BuildRow) -> BuildEnd:
    return BuildEnd(
        status=row.status,
        reason=row.reason,
        exit_code=row.exit_code,
        by=row.ended_by or "runner",
        signal=row.signal,
        left_alive=row.left_alive,
        dropped=row.dropped,
        published=row.published,
    )


def _duration(row: BuildRow) -> timedelta:
    return row.ended_at - (row.started_at or row.created_at) if row.ended_at else timedelta()
