"""A state directory that holds builds, versions and saved files of given ages, recorded in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from sqlite3 import connect
from typing import Any

from runner.service.collecting import Collecting
from runner.service.keeping import Keep
from runner.service.retention_plan import Plan, Tally
from runner.service.retention_planning import Planning
from runner.store.clock import written
from runner.store.ends import finish
from runner.store.retention import Pin
from runner.store.rows import BuildEnd
from runner.store.sqlite import Transaction
from runner.store.store import Store
from runner.store.versions import node_of
from runner.workspace.versions import NewVersion, SavedFile

NOW = datetime(2024, 5, 1, tzinfo=UTC)
BLOCK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A build to be made. `status` None: it goes on; `inputs` are numbers of versions of the resource `img`, `saved`
    the contents of the files that its version of the job has, `blocks` the size of its log."""

    job: str = "a"
    status: str | None = "success"
    days: int = 0
    blocks: int = 1
    saved: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()
    replays: int | None = None


@dataclass(slots=True)
class HeldState:
    """`images` versions of `img` without files, as old as their days; then the builds, in this order, with ids from 1
    on, under one graph."""

    store: Store
    pins: frozenset[Pin] = frozenset()
    notices: list[str] = field(default_factory=list)

    async def hold(self, builds: Sequence[Made], images: Sequence[int] = ()) -> None:
        await self.store.transaction(lambda tx: _hold(tx, builds, images))
        for id_, build in enumerate(builds, 1):
            place = self.store.build_directory(id_)
            place.mkdir(parents=True)
            (place / "log.jsonl").write_bytes(b"x" * BLOCK * build.blocks)

    async def plan(self, keep: Keep, now: datetime = NOW) -> Plan:
        return await Planning(store=self.store, keep=keep, pins=self.pins, busy=(), now=now).plan()

    async def collect(self, plan: Plan) -> Tally:
        return await Collecting(self.store, lambda: self.pins, self.notices.append).carry_out(plan)

    async def left(self) -> list[str]:
        return [f"{row.job}/{row.number}" for row in reversed(await self.store.builds())]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.store.directory / "runner.db")) as database:
            return database.execute(sql).fetchall()

    def directories(self) -> set[int]:
        return {int(path.name) for path in (self.store.directory / "builds").iterdir()}

    def whole(self) -> tuple[object, ...]:
        """Everything that is there, to be compared."""
        tables = ("build", "version", "file_set", "build_input", "run", "delivery")
        keys = ("id", "id", "digest || path", "build_id || name", "id", "id")
        rows = [self.rows(f"SELECT {k} FROM {t} ORDER BY 1") for t, k in zip(tables, keys, strict=True)]
        return (rows, self.rows("SELECT digest FROM blob ORDER BY 1"), self.directories())


def _hold(tx: Transaction, builds: Sequence[Made], images: Sequence[int]) -> None:
    graph = tx.insert("add_graph", digest="d", started_at=written(NOW))
    img, _ = node_of(tx, "img", "resource", "image")
    for days in images:
        _version(tx, img, NOW - timedelta(days=days))
    for id_, build in enumerate(builds, 1):
        node, _ = node_of(tx, build.job, "job", "runSh")
        moment = NOW - timedelta(days=build.days)
        values = {"mode": "chrono", "manual": 0, "chain": "[]", "priority": 1, "pool": "default", "injected": "{}"}
        values |= {"reset": 0, "replay_of": build.replays, "requested_by": None, "triggered_by": build.job}
        tx.insert("queue_build", id=id_, run_id=graph, node_id=node, created_at=written(moment), **values)
        for number in build.inputs:
            version = tx.row("version_by_number", node_id=img, number=number)["id"]
            tx.change("add_input", build_id=id_, name=f"img{number}", version_id=version)
        if build.status is not None:
            files = tuple(SavedFile(f"f{i}", 0o644, text.encode()) for i, text in enumerate(build.saved))
            end = BuildEnd(status=build.status, by="script", ended_at=moment)
            new = [NewVersion(node=build.job, files=files)] if build.status == "success" else []
            finish(tx, id_, end, new)


def _version(tx: Transaction, node: int, created: datetime) -> None:
    values = {"name": "v", "property_bag": "{}", "file_set": None, "build_id": None}
    tx.insert("add_version", node_id=node, created_at=written(created), **values)
