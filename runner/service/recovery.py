"""What a run in the foreground that was killed left behind: its builds get their ends, their working trees go."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from runner.execution import identity
from runner.execution.model import EndedBy
from runner.service.build import Build
from runner.service.engine import Engine
from runner.service.tidying import tidy_all
from runner.store.notices import give_up
from runner.store.rows import BuildEnd, BuildRow
from runner.store.runs import Run
from runner.store.store import Store

REASON = "the runner was stopped before this build ended; what it would have published is not there: run it again"


async def end_abandoned(
    store: Store, run: Run, engine: Engine, notice: Callable[[str], None], *, wait: bool
) -> list[BuildRow]:
    """End the builds of a dead run that we lead now; gives those that had no end, as they were.

    A build whose TASKs ended keeps its result: it is published as if nothing had happened. The others are errors. With
    `wait` a supervisor that is still ending its job is waited for; else the run is left to the next process then.
    Nothing is started. Raises StoreError; then the run is left to the next process too; what else goes wrong is
    told."""
    try:
        rows = await store.runs.builds(run.id)
        if not wait and await asyncio.to_thread(_is_ending, store, rows):
            os.close(run.lock)
            return []
        for row in rows:
            if row.ended_at is None:
                await _end(store, row, engine)
        await tidy_all(store, await store.runs.builds(run.id), notice)
        await store.transaction(lambda tx: give_up(tx, run.id, "the runner was stopped before it was sent"))
    except BaseException:
        os.close(run.lock)
        raise
    await store.runs.end(run)
    return [row for row in rows if row.ended_at is None]


async def _end(store: Store, row: BuildRow, engine: Engine) -> None:
    place = store.build_directory(row.id).absolute()
    job = engine.jobs.get(row.job) if row.item is None else None  # an item gives out nothing by itself
    supervised = await engine.launcher.adopt(place)
    if supervised is not None and job is not None and row.status == "processing":
        build = Build(engine, job, row)
        build.begin()
        await build.run()
        return
    if supervised is not None:
        await supervised.wait()
    await store.finish_build(row.id, BuildEnd(status="error", reason=REASON, by=EndedBy.RUNNER))


def _is_ending(store: Store, rows: list[BuildRow]) -> bool:
    """Whether a supervisor of these builds still runs; one that was stopped is woken, so that it can end."""
    found = [identity.find(store.build_directory(row.id)) for row in rows if row.ended_at is None]
    running = [one for one in found if one is not None and one.alive]
    for one in running:
        one.wake()
    return bool(running)
