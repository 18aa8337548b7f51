"""Runs in the store: who leads one now, and all that another process needs to go on with it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import StoreError
from runner.store.clock import now
from runner.store.locks import acquire, held, try_acquire
from runner.store.rows import BuildRow, LeaseRow, RunRow, Source, build_row
from runner.store.sqlite import SQLite, Transaction

LOOKS, LOOK_S = 5, 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """A run that this process leads: its id, and the descriptor that holds its lock."""

    id: int
    lock: int


@dataclass(frozen=True, slots=True)
class DeadRun:
    """A run without an end that nobody leads any more."""

    id: int
    detached: bool


class Runs:
    """`directory` holds a lock for each run that has not ended, and what else belongs to its leader."""

    def __init__(self, database: SQLite, directory: Path) -> None:
        self._database = database
        self.directory = directory

    async def begin(
        self,
        digest: str,
        *,
        detached: bool = False,
        options: str = "{}",
        earlier: Mapping[str, str] | None = None,
        sources: Sequence[Source] = (),
    ) -> Run:
        """Record a run and lead it. Nobody sees it before its lock is held. Raises StoreError."""
        values = {"detached": int(detached), "options": options, "earlier": json.dumps(dict(earlier or {}))}

        def work(tx: Transaction) -> Run:
            run_id = tx.insert("add_run", digest=digest, started_at=now(), **values)
            for position, source in enumerate(sources):
                where = {"path": source.path, "repository": source.repository}
                tx.insert("add_source", run_id=run_id, position=position, text=source.text, **where)
            return Run(run_id, acquire(self.lock_path(run_id)))

        run = await self._database.transaction(work)
        self.sign(run)
        return run

    async def end(self, run: Run) -> None:
        """Record the end of a run that we lead and let its lock go."""
        await self._database.transaction(lambda tx: tx.change("end_run", id=run.id, ended_at=now()))
        for path in (self.socket_path(run.id), self.lock_path(run.id)):
            path.unlink(missing_ok=True)
        os.close(run.lock)

    def sign(self, run: Run) -> None:
        """Write who leads a run into its lock file, for people. Raises OSError."""
        os.ftruncate(run.lock, 0)
        os.pwrite(run.lock, f"{os.getpid()}\n".encode(), 0)

    async def lead(self, run_id: int) -> Run | None:
        """Take the lead of a dead run; None where another process has it, or has ended the run meanwhile."""
        lock = try_acquire(self.lock_path(run_id))
        for _ in range(LOOKS):
            if lock is not None:
                break
            await asyncio.sleep(LOOK_S)  # whoever only looks whether it is held holds it for a moment
            lock = try_acquire(self.lock_path(run_id))
        if lock is None:
            return None
        row = await self.get(run_id)
        if row is None or row.ended:
            os.close(lock)
            self.lock_path(run_id).unlink(missing_ok=True)
            return None
        return Run(run_id, lock)

    async def get(self, run_id: int) -> RunRow | None:
        row = await self._database.read(lambda tx: tx.row("run", id=run_id))
        return _run_row(row) if row else None

    async def sources(self, run_id: int) -> tuple[Source, ...]:
        """The pipeline files as they were when the run began."""
        rows = await self._database.read(lambda tx: tx.rows("sources", run_id=run_id))
        return tuple(Source(row["path"], row["repository"], row["text"]) for row in rows)

    async def dead(self) -> list[DeadRun]:
        """Runs without an end whose process is gone (nobody holds their lock)."""
        rows = await self._database.read(lambda tx: tx.rows("open_runs"))
        return [DeadRun(row["id"], bool(row["detached"])) for row in rows if not held(self.lock_path(row["id"]))]

    async def builds(self, run_id: int) -> list[BuildRow]:
        """Those that ended first, in the order of their ends; then those that have not."""
        rows = await self._database.read(lambda tx: tx.rows("builds_of_run", run_id=run_id))
        return [build_row(row) for row in rows]

    async def keep_ports(self, run_id: int, port: int | None, sandbox_port: int | None) -> None:
        values = {"port": port, "sandbox_port": sandbox_port}
        if not await self._database.transaction(lambda tx: tx.change("set_ports", id=run_id, **values)):
            raise StoreError(f"there is no run {run_id}")

    async def service_ports(self) -> tuple[int, int]:
        """Where the builds of a service find their credentials and its sandbox; 0: there was none yet."""
        row = await self._database.read(lambda tx: tx.row("service_ports"))
        return row["port"] or 0, row["sandbox_port"] or 0

    async def keep_service_ports(self, port: int, sandbox_port: int | None) -> None:
        values = {"port": port, "sandbox_port": sandbox_port}
        await self._database.transaction(lambda tx: tx.change("keep_service_ports", **values))

    async def ask_to_stop(self, run_id: int, reason: str) -> bool:
        """Record that somebody wants the end of a run; its leader, this one or the next, sees to it. False: it has
        ended."""
        return bool(await self._database.transaction(lambda tx: tx.change("ask_to_stop", id=run_id, reason=reason)))

    async def ask_to_cancel(self, build_id: int, reason: str) -> bool:
        """The same for a build."""
        return bool(await self._database.transaction(lambda tx: tx.change("ask_to_cancel", id=build_id, reason=reason)))

    async def keep_leases(self, build_id: int, leases: Sequence[LeaseRow]) -> None:
        """Record the tokens of a build, in the order of its roles, instead of those that it had."""

        def work(tx: Transaction) -> None:
            tx.change("drop_leases", build_id=build_id)
            for position, lease in enumerate(leases):
                tx.insert(
                    "add_lease",
                    digest=lease.digest,
                    build_id=build_id,
                    position=position,
                    integration=lease.integration,
                    role=lease.role,
                    session=lease.session,
                    external_id=lease.external_id,
                )

        await self._database.transaction(work)

    async def leases(self, build_id: int) -> tuple[LeaseRow, ...]:
        rows = await self._database.read(lambda tx: tx.rows("leases", build_id=build_id))
        return tuple(LeaseRow(**{key: row[key] for key in row.keys()}) for row in rows)  # noqa: SIM118  (a Row)

    def lock_path(self, run_id: int) -> Path:
        return self.directory / f"{run_id}.lock"

    def socket_path(self, run_id: int) -> Path:
        """Where the leader of a run listens."""
        return self.directory / f"{run_id}.socket"

    def notes_path(self, run_id: int) -> Path:
        """What the leader of a detached run has to say."""
        return self.directory / f"{run_id}.log"


def _run_row(row: Any) -> RunRow:
    return RunRow(
        id=row["id"],
        digest=row["digest"],
        detached=bool(row["detached"]),
        options=row["options"],
        earlier=json.loads(row["earlier"]),
        port=row["port"],
        sandbox_port=row["sandbox_port"],
        stop_reason=row["stop_reason"],
        ended=row["ended_at"] is not None,
    )
