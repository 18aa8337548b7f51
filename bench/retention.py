"""What retention costs a service with many builds: the plan, and how long decisions wait while much is removed."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.dispatch import bare_commits, percentile
from bench.figures import Figure
from runner.service.collecting import Collecting
from runner.service.keeping import Keep
from runner.service.retention_planning import Planning
from runner.store.clock import written
from runner.store.ends import finish
from runner.store.rows import BuildEnd
from runner.store.sqlite import Transaction
from runner.store.store import Store
from runner.store.versions import node_of
from runner.workspace.versions import NewVersion, SavedFile

JOBS, BUILDS, KEPT = 20, 10_000, 400
NOW = datetime.now(UTC)
QUEUED = {"mode": "chrono", "manual": 0, "chain": "[]", "priority": 1, "pool": "default", "injected": "{}", "reset": 0}


def retention(directory: Path) -> list[Figure]:
    place = directory / "retention"
    place.mkdir()
    commits = bare_commits(place)
    planned, waits = asyncio.run(_measure(place))
    plan = Figure(
        what=f"plan of what goes, {BUILDS} builds",
        measured=planned,
        floor=percentile(commits, 50),
        unit="ms",
        aim="< 1 s",
        floor_is="bare sqlite3 commit",
    )
    wait = Figure(
        what=f"decision while {BUILDS - JOBS * KEPT} builds are removed, p99",
        measured=percentile(waits, 99),
        floor=percentile(commits, 99),
        unit="ms",
        aim="<= 20 ms more",
        floor_is="bare sqlite3 commit, p99",
    )
    return [plan, wait]


async def _measure(place: Path) -> tuple[float, list[float]]:
    """Milliseconds of the plan, and of each decision while it is carried out."""
    store = Store(place)
    await store.open()
    await store.transaction(_fill)
    for build in range(1, BUILDS + 1):
        directory = store.build_directory(build)
        directory.mkdir(parents=True)
        (directory / "log.jsonl").write_bytes(b"x" * 1000)
    collecting = Collecting(store, frozenset, print)
    await collecting.carry_out(await _planning(store, Keep()).plan())  # every build is measured once
    began = time.perf_counter()
    plan = await _planning(store, Keep(age=timedelta(days=90), builds=KEPT)).plan()
    planned = (time.perf_counter() - began) * 1000
    waits: list[float] = []
    async with asyncio.TaskGroup() as group:
        deciding = group.create_task(_decide(store, waits))
        await collecting.carry_out(plan)
        deciding.cancel()
    await store.close()
    return planned, waits


def _planning(store: Store, keep: Keep) -> Planning:
    return Planning(store=store, keep=keep, pins=frozenset(), busy=(), now=NOW)


async def _decide(store: Store, waits: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await store.transaction(lambda tx: tx.change("set_stale", stale=1, name="job0"))
        waits.append((time.perf_counter() - began) * 1000)


def _fill(tx: Transaction) -> None:
    graph = tx.insert("add_graph", digest="d", started_at=written(NOW))
    img, _ = node_of(tx, "img", "resource", "image")
    image = {"node_id": img, "name": "v", "property_bag": "{}", "file_set": None, "build_id": None}
    for build in range(1, BUILDS + 1):
        job = f"job{build % JOBS}"
        node, _ = node_of(tx, job, "job", "runSh")
        values = {"triggered_by": job, "created_at": written(NOW), "replay_of": None, "requested_by": None}
        tx.insert("queue_build", id=build, run_id=graph, node_id=node, **QUEUED, **values)
        tx.insert("add_version", created_at=written(NOW), **image)
        version = tx.row("newest_version", node_id=img)["id"]
        tx.change("add_input", build_id=build, name="img", version_id=version)
        saved = (SavedFile("f", 0o644, f"{build // 2}".encode() * 2000),)
        finish(tx, build, BuildEnd(status="success", by="script"), [NewVersion(node=job, files=saved)])
