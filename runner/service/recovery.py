"""What a run in the foreground that was killed left behind: its builds get their ends, their working trees go."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from datetime import UTC, datetime

from runner.execution import identity
from runner.execution.model import EndedBy
from runner.service.build import Build
from runner.service.preparation import Engine
from runner.service.tidying import tidy
from runner.store.rows import BuildEnd, BuildRow
from runner.store.runs import Run
from runner.store.store import Store

REASON = "the runner was stopped before this build ended; what it would have published is not there: run it again"


async def end_abandoned(store: Store, run: Run, engine: Engine, *, wait: bool) -> list[BuildRow]:
    """End the builds of a dead run that we lead now; gives those that had no end, as they were.

    A build whose TASKs ended keeps its result: it is published as if nothing had happened. The others are errors. With
    `wait` a supervisor that is still ending its job is waited for; else the run is left to the next process then.
    Nothing is started. Raises RunnerError where something cannot be tidied."""
    rows = await store.runs.builds(run.id)
    if not wait and await asyncio.to_thread(_is_ending, store, rows):
        os.close(run.lock)
        return []
    for row in rows:
        if row.ended_at is not None:
            await asyncio.to_thread(tidy, store.build_directory(row.id), row)
        else:
            await _end(store, row, engine)
    await store.runs.end(run)
    return [row for row in rows if row.ended_at is None]


async def _end(store: Store, row: BuildRow, engine: Engine) -> None:
    place = store.build_directory(row.id).absolute()
    started = await asyncio.to_thread(identity.find, place)
    job = engine.jobs.get(row.job)
    if started is not None and job is not None and row.status == "processing":
        build = Build(engine, job, row)
        build.begin()
        await build.run()
        return
    end = BuildEnd(status="error", reason=REASON, by=EndedBy.RUNNER)
    await store.finish_build(row.id, end)
    ended = dataclasses.replace(row, status=end.status, reason=end.reason, ended_by=end.by, ended_at=datetime.now(UTC))
    await asyncio.to_thread(tidy, place, ended)


def _is_ending(store: Store, rows: list[BuildRow]) -> bool:
    """Whether a supervisor of these builds still runs."""
    found = (identity.find(store.build_directory(row.id)) for row in rows if row.ended_at is None)
    return any(one is not None and one.alive for one in found)
