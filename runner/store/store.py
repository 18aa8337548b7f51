"""Builds, versions and saved files. Every method is one transaction: after a crash it has happened or it has not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from runner.errors import SetupError
from runner.pipeline.model import In, Out, Pipeline
from runner.store.clock import now
from runner.store.definitions import define
from runner.store.ends import finish
from runner.store.rows import BuildEnd, BuildRow, build_row
from runner.store.runs import Runs
from runner.store.sqlite import SQLite, Transaction
from runner.store.versions import Selected, keep_inputs, saved_files, select
from runner.workspace.versions import NewVersion, SavedFile

T = TypeVar("T")


class Store:
    """The store of one pipeline directory: `runner.db`, `runs/` with what belongs to live runs, `builds/` with the
    logs."""

    def __init__(self, directory: Path, *, on_disk: bool = True) -> None:
        """Not `on_disk`: for a place that has no store yet, and is not to get one by being looked at."""
        self.directory = directory
        self.database = SQLite(directory / "runner.db" if on_disk else None)
        self.runs = Runs(self.database, directory / "runs")

    async def open(self, *, migrate: bool = True) -> None:
        """Create what is missing and open it; `migrate` False: it is somebody else's, and keeps its schema. Raises
        StoreError."""
        await self.database.open(migrate=migrate)

    async def close(self) -> None:
        await self.database.close()

    async def transaction(self, work: Callable[[Transaction], T]) -> T:
        """Everything `work` does is there or nothing of it. Raises StoreError."""
        return await self.database.transaction(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """The same for work that changes nothing."""
        return await self.database.read(work)

    async def rehearse(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives; nothing of what it does stays. Raises StoreError."""
        return await self.database.rehearse(work)

    def build_directory(self, build_id: int) -> Path:
        """Where a build keeps its log, its result and, while it runs, its working tree."""
        return self.directory / "builds" / str(build_id)

    async def sync(self, pipeline: Pipeline) -> None:
        """Make every job and resource known; a resource whose content is new or changed gets a new version.

        A name that has come back with another type starts a history of its own.
        """

        await self.database.transaction(lambda tx: define(tx, pipeline.jobs.values(), pipeline.resources.values()))

    async def add_build(self, run_id: int, job: str, triggered_by: str) -> BuildRow:
        """Record a build before anything of it is done; its number counts up from 1 for each job."""

        def work(tx: Transaction) -> BuildRow:
            node = tx.row("node", name=job)
            tx.insert("add_build", run_id=run_id, node_id=node["id"], triggered_by=triggered_by, created_at=now())
            return build_row(tx.row("builds", job=job, number=None, items=False, most=1))

        return await self.database.transaction(work)

    async def start_build(self, build_id: int) -> bool:
        """queued → processing; False when it was not queued any more."""
        return bool(await self.database.transaction(lambda tx: tx.change("start_build", id=build_id, started_at=now())))

    async def finish_build(self, build_id: int, end: BuildEnd, versions: Sequence[NewVersion] = ()) -> bool:
        """Give a build its one end together with the versions it made; False when it had ended already."""
        return await self.database.transaction(lambda tx: finish(tx, build_id, end, versions))

    async def select(self, steps: Iterable[In | Out]) -> tuple[Selected, ...]:
        """What each step gets now. Raises SetupError for a pin that matches nothing."""
        return await self.database.read(lambda tx: tuple(select(tx, step) for step in steps))

    async def take_inputs(self, build: BuildRow, steps: Sequence[In | Out]) -> tuple[Selected, ...]:
        """The same for a build of a service: what it gets is recorded, so that it can be replayed. Raises SetupError
        also where the build that this one replays is not there any more."""

        def work(tx: Transaction) -> tuple[Selected, ...]:
            if build.replay_of is not None and tx.row("build", id=build.replay_of) is None:
                raise SetupError("the build that it should replay was removed: run the job instead")
            selected = tuple(select(tx, step, build.replay_of) for step in steps)
            keep_inputs(tx, build.id, zip(steps, selected, strict=True))
            return selected

        return await self.database.transaction(work)

    async def previous_state(self, job: str) -> tuple[SavedFile, ...]:
        """The files that the last successful build of the job saved."""

        def work(tx: Transaction) -> tuple[SavedFile, ...]:
            node = tx.row("node", name=job)
            version = tx.row("newest_version", node_id=node["id"]) if node else None
            return saved_files(tx, version["file_set"] if version else None)

        return await self.database.read(work)

    async def node_id(self, name: str) -> int:
        row = await self.database.read(lambda tx: tx.row("node", name=name))
        return int(row["id"])

    async def last_statuses(self, jobs: Iterable[str]) -> Mapping[str, str]:
        """The status of the newest ended build of each job that has one."""

        def work(tx: Transaction) -> Mapping[str, str]:
            found = ((job, tx.row("last_status", job=job)) for job in jobs)
            return {job: row["status"] for job, row in found if row is not None}

        return await self.database.read(work)

    async def builds(
        self, job: str | None = None, number: int | None = None, most: int = -1, *, items: bool = False
    ) -> list[BuildRow]:
        """Newest first; `most` -1 means all. `items`: those of the job's CI builds too."""
        rows = await self.database.read(lambda tx: tx.rows("builds", job=job, number=number, items=items, most=most))
        return [build_row(row) for row in rows]
