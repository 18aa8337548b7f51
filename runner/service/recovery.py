"""What a run that was killed left behind: builds without an end get one, their working trees go."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from datetime import timedelta
from pathlib import Path

from runner.errors import RunnerError
from runner.logs.segments import names
from runner.service.journal import Journal
from runner.service.repair import has_result
from runner.store.store import Store
from runner.workspace.removal import remove_all_but

REASON = "the runner was stopped before this build ended; what it would have published is not there: run it again"
KEPT = names("log.jsonl") | {"result.json", "lock"}
"""What stays of a build when it has ended."""
SUPERVISOR_LIMIT_S = 20.0
"""How long the supervisor of a killed run may take to end its job: more than the grace of its processes."""
AGAIN_S = 0.05


async def end_abandoned(store: Store) -> list[int]:
    """Mark every build of a dead run that has no end as `error`; gives their ids. What has ended stays what it is.

    Raises RunnerError where something cannot be tidied."""
    marked = []
    for run in await store.dead_runs():
        for build in await store.builds_of(run):
            place = store.build_directory(build)
            if not await asyncio.to_thread(_supervisor_is_gone, place / "lock"):
                raise RunnerError(f"{place.name}: the supervisor of a killed run is still ending this build; try again")
            if await store.finish_build(build, "error", REASON, None):
                marked.append(build)
            await asyncio.to_thread(_tidy, place)
        await store.close_run(run)
    return marked


def _supervisor_is_gone(lock: Path) -> bool:
    """A supervisor whose starter was killed is ending its job; until then the log is its own."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        deadline = time.monotonic() + SUPERVISOR_LIMIT_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(AGAIN_S)
            else:
                return True
        return False
    finally:
        os.close(descriptor)


def _tidy(place: Path) -> None:
    """Complete the log of a build that has its end, and remove its working tree. A damaged log stays as it is."""
    journal = Journal(place / "log.jsonl")
    try:
        if journal.path.exists() and not has_result(journal.path):
            journal.resume(0, 0)
            journal.end("error", None, REASON, timedelta(0))
        remove_all_but(place, KEPT)
    except (OSError, ValueError, KeyError) as error:
        raise RunnerError(f"what a killed run left in {place} cannot be tidied: {error}") from error
