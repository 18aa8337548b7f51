"""What a run that was killed left behind: builds without an end get one, their working trees go."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from runner.service.journal import Journal
from runner.service.repair import has_result
from runner.store.store import Store
from runner.workspace.directory import BuildDirectory

REASON = "the runner was stopped before this build ended; what it would have published is not there: run it again"


async def end_abandoned(store: Store) -> list[int]:
    """Mark every build of a dead run as `error`; gives their ids. What they had recorded before stays valid."""
    abandoned = await store.abandoned()
    for build in abandoned:
        await store.finish_build(build, "error", REASON, None)
        await asyncio.to_thread(_tidy, store, build)
    return abandoned


def _tidy(store: Store, build: int) -> None:
    place = store.build_directory(build)
    journal = Journal(place / "log.jsonl")
    if journal.path.exists() and not has_result(journal.path):
        journal.resume(0, 0)
        journal.end("error", None, REASON, timedelta(0))
    BuildDirectory(place / "work").remove()
