"""What a queue in the store's file costs: attempts a second, and the time from a committed `put` to its handler."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.figures import Figure
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId
from runner.store.sqlite import SQLite, Transaction

ATTEMPTS, PUTS, SLOTS = 3000, 500, 8
WAL = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE line (text TEXT) STRICT;"


def dispatch(directory: Path) -> list[Figure]:
    place = directory / "dispatch"
    place.mkdir()
    commits = bare_commits(place)
    throughput, latencies = asyncio.run(_measure(place))
    attempts = Figure(
        what=f"attempts a second, one worker, {SLOTS} slots",
        measured=throughput,
        floor=1000 / statistics.mean(commits),
        unit="/s",
        aim=">= 0.25",
        floor_is="bare sqlite3 commits",
    )
    return [attempts, *(_latency(latencies, commits, percent) for percent in (50, 99))]


def _latency(latencies: Sequence[float], commits: Sequence[float], percent: int) -> Figure:
    return Figure(
        what=f"committed put to handler's first line, p{percent}",
        measured=percentile(latencies, percent),
        floor=percentile(commits, percent),
        unit="ms",
        aim="<= 50 ms" if percent == 99 else "",
        floor_is=f"bare sqlite3 commit, p{percent}",
    )


def bare_commits(directory: Path) -> list[float]:
    """Milliseconds of each of many commits of one row, durable as those of the store are."""
    taken = []
    with closing(sqlite3.connect(directory / "floor.db", isolation_level=None)) as database:
        database.executescript(WAL)
        for _ in range(PUTS):
            began = time.perf_counter()
            database.execute("INSERT INTO line VALUES ('x')")
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def _measure(place: Path) -> tuple[float, list[float]]:
    database = SQLite(place / "runner.db")
    await database.open()
    try:
        queue = Local(database, place / "dispatch")
        return await _throughput(queue), await _latencies(queue)
    finally:
        await database.close()


async def _throughput(queue: Local) -> float:
    """Attempts a second from the first claim to the last recorded end."""
    await queue.transaction(lambda tx: [_put(queue, tx) for _ in range(ATTEMPTS)])
    ended, all_ended = 0, asyncio.Event()

    async def handler(payload: str, attempt_id: AttemptId) -> None:
        nonlocal ended
        await queue.transaction(lambda tx: queue.finish(tx, attempt_id))
        ended += 1
        if ended == ATTEMPTS:
            all_ended.set()

    async with asyncio.TaskGroup() as group:
        began = time.perf_counter()
        serving = group.create_task(queue.serve(["a"], SLOTS, handler, worker="bench", report=_raise))
        await all_ended.wait()
        taken = time.perf_counter() - began
        serving.cancel()
    return ATTEMPTS / taken


async def _latencies(queue: Local) -> list[float]:
    """Milliseconds from each commit, one after another, to the first line of its handler."""
    begun: asyncio.Queue[float] = asyncio.Queue()
    committed: list[float] = []

    async def handler(payload: str, attempt_id: AttemptId) -> None:
        begun.put_nowait(time.perf_counter())

    def put(tx: Transaction) -> None:
        tx.after_commit(lambda: committed.append(time.perf_counter()))
        _put(queue, tx)

    taken = []
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(queue.serve(["a"], SLOTS, handler, worker="bench", report=_raise))
        for _ in range(PUTS):
            await queue.transaction(put)
            taken.append((await begun.get() - committed[-1]) * 1000)
        serving.cancel()
    return taken


def _put(queue: Local, tx: Transaction) -> AttemptId:
    return queue.put(tx, pool="a", priority=100, lock=None, payload="{}")


def _raise(error: Exception, attempt_id: AttemptId | None) -> None:
    raise error
