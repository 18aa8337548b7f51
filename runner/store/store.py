"""Builds, versions and saved files. Every method is one transaction: after a crash it has happened or it has not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import SetupError
from runner.pipeline.model import In, Out, Pipeline
from runner.pipeline.plain import json_line, plain
from runner.store.clock import now, written
from runner.store.rows import BuildEnd, BuildRow, build_row, version
from runner.store.runs import Runs
from runner.store.sqlite import SQLite, Transaction
from runner.workspace.saved_files import file_set_digest
from runner.workspace.versions import NewVersion, SavedFile, Version


@dataclass(frozen=True, slots=True)
class Selected:
    """What a step gets at the start of a build: the id of its job or resource, and its newest or pinned version."""

    node_id: int
    version: Version | None
    files: tuple[SavedFile, ...] = ()


class Store:
    """The store of one pipeline directory: `runner.db`, `runs/` with what belongs to live runs, `builds/` with the
    logs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._database = SQLite(directory / "runner.db")
        self.runs = Runs(self._database, directory / "runs")

    async def open(self) -> None:
        """Create what is missing and open it. Raises StoreError."""
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    def build_directory(self, build_id: int) -> Path:
        """Where a build keeps its log, its result and, while it runs, its working tree."""
        return self.directory / "builds" / str(build_id)

    async def sync(self, pipeline: Pipeline) -> None:
        """Make every job and resource known; a resource whose content is new or changed gets a new version.

        A name that has come back with another type starts a history of its own.
        """

        def work(tx: Transaction) -> None:
            for job in pipeline.jobs.values():
                _node(tx, job.name, "job", job.type)
            for resource in pipeline.resources.values():
                node_id, before = _node(tx, resource.name, "resource", resource.type)
                content = {
                    key: value for key, value in plain(resource.yml).items() if key not in ("flags", "integration")
                }
                definition = json.dumps({"content": content, "versionName": resource.version_name}, sort_keys=True)
                if definition == before:
                    continue
                tx.change("set_definition", id=node_id, definition=definition)
                name = resource.version_name
                if before is not None and name == json.loads(before)["versionName"]:
                    newest = tx.row("newest_version", node_id=node_id)
                    name = newest["name"] if newest else name
                _add_version(tx, node_id, NewVersion(node="", name=name, property_bag=plain(resource.property_bag)))

        await self._database.transaction(work)

    async def add_build(self, run_id: int, job: str, triggered_by: str) -> BuildRow:
        """Record a build before anything of it is done; its number counts up from 1 for each job."""

        def work(tx: Transaction) -> BuildRow:
            node = tx.row("node", name=job)
            tx.insert("add_build", run_id=run_id, node_id=node["id"], triggered_by=triggered_by, created_at=now())
            return build_row(tx.row("builds", job=job, number=None, most=1))

        return await self._database.transaction(work)

    async def start_build(self, build_id: int) -> bool:
        """queued → processing; False when it was not queued any more."""
        return bool(
            await self._database.transaction(lambda tx: tx.change("start_build", id=build_id, started_at=now()))
        )

    async def finish_build(self, build_id: int, end: BuildEnd, versions: Sequence[NewVersion] = ()) -> bool:
        """Give a build its one end together with the versions it made; False when it had ended already."""
        values = {
            "status": end.status,
            "reason": end.reason,
            "exit_code": end.exit_code,
            "ended_at": written(end.ended_at) if end.ended_at else now(),
            "ended_by": end.by,
            "signal": end.signal,
            "left_alive": json.dumps(end.left_alive),
            "dropped_records": end.dropped[0],
            "dropped_bytes": end.dropped[1],
            "published": json.dumps(sorted(end.published)),
        }

        def work(tx: Transaction) -> bool:
            if not tx.change("finish_build", id=build_id, **values):
                return False
            tx.change("drop_leases", build_id=build_id)
            for new in versions:
                _add_version(tx, tx.row("node", name=new.node)["id"], new, build_id)
            return True

        return await self._database.transaction(work)

    async def select(self, steps: Iterable[In | Out]) -> tuple[Selected, ...]:
        """What each step gets now. Raises SetupError for a pin that matches nothing."""
        return await self._database.read(lambda tx: tuple(_select(tx, step) for step in steps))

    async def previous_state(self, job: str) -> tuple[SavedFile, ...]:
        """The files that the last successful build of the job saved."""

        def work(tx: Transaction) -> tuple[SavedFile, ...]:
            node = tx.row("node", name=job)
            version = tx.row("newest_version", node_id=node["id"]) if node else None
            return _files(tx, version["file_set"] if version else None)

        return await self._database.read(work)

    async def node_id(self, name: str) -> int:
        row = await self._database.read(lambda tx: tx.row("node", name=name))
        return int(row["id"])

    async def last_statuses(self, jobs: Iterable[str]) -> Mapping[str, str]:
        """The status of the newest ended build of each job that has one."""

        def work(tx: Transaction) -> Mapping[str, str]:
            found = ((job, tx.row("last_status", job=job)) for job in jobs)
            return {job: row["status"] for job, row in found if row is not None}

        return await self._database.read(work)

    async def builds(self, job: str | None = None, number: int | None = None, most: int = -1) -> list[BuildRow]:
        """Newest first; `most` -1 means all."""
        rows = await self._database.read(lambda tx: tx.rows("builds", job=job, number=number, most=most))
        return [build_row(row) for row in rows]


def _node(tx: Transaction, name: str, kind: str, type_: str) -> tuple[int, str | None]:
    row = tx.row("node", name=name)
    if row is not None and (row["kind"], row["type"]) == (kind, type_):
        return row["id"], row["definition"]
    if row is not None:
        tx.change("retire_node", id=row["id"])
    return tx.insert("add_node", name=name, kind=kind, type=type_, definition=None), None


def _add_version(tx: Transaction, node_id: int, new: NewVersion, build_id: int | None = None) -> None:
    file_set = _save(tx, new.files) if new.files is not None else _newest_file_set(tx, node_id)
    tx.insert(
        "add_version",
        node_id=node_id,
        name=new.name,
        property_bag=json_line(dict(new.property_bag)),
        file_set=file_set,
        build_id=build_id,
        created_at=now(),
    )


def _newest_file_set(tx: Transaction, node_id: int) -> str | None:
    newest = tx.row("newest_version", node_id=node_id)
    return newest["file_set"] if newest else None


def _save(tx: Transaction, files: Sequence[SavedFile]) -> str | None:
    if not files:
        return None
    digest = file_set_digest(files)
    for file in files:
        blob = hashlib.sha256(file.content).hexdigest()
        tx.change("add_blob", digest=blob, content=file.content)
        tx.change("add_file", digest=digest, path=file.path, mode=file.mode, blob=blob)
    return digest


def _select(tx: Transaction, step: In | Out) -> Selected:
    node = tx.row("node", name=step.name)
    if node is None:
        raise SetupError(f"{step.name} is not known to the store: it was removed from the file")
    row = tx.row("newest_version", node_id=node["id"])
    if isinstance(step, In):
        row = _pinned(tx, node["id"], step) or row
    files = _files(tx, row["file_set"]) if row is not None and isinstance(step, In) else ()
    return Selected(node["id"], version(row) if row else None, files)


def _pinned(tx: Transaction, node_id: int, step: In) -> Any:
    """The row of the pin, or None where there is no pin."""
    if step.version_number is not None:
        row = tx.row("version_by_number", node_id=node_id, number=step.version_number)
    elif step.version_name is not None:
        row = tx.row("version_by_name", node_id=node_id, name=step.version_name)
    else:
        return None
    if row is None:
        pin = step.version_name if step.version_number is None else step.version_number
        raise SetupError(f'pin "{pin}" of "{step.name}" matches no version')
    return row


def _files(tx: Transaction, digest: str | None) -> tuple[SavedFile, ...]:
    if digest is None:
        return ()
    return tuple(SavedFile(row["path"], row["mode"], row["content"]) for row in tx.rows("files", digest=digest))
