"""Builds whose last work may not be done: an end is recorded before the log gets its last record and the working tree
goes, and the service may be killed between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from runner.errors import RunnerError
from runner.service.tidying import tidy
from runner.store import views
from runner.store.rows import BuildRow
from runner.store.sqlite import Transaction
from runner.store.store import Store

log = structlog.stdlib.get_logger("runner.builds")


class Unfinished:
    """A file for each build that a service looks after, so that a start need not look at all builds there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._directory = store.directory / "unfinished"

    def mark(self, build: int) -> None:
        """Before anything of the build is there. Where the disk takes no file, its log cannot be made either."""
        with suppress(OSError):
            self._directory.mkdir(mode=0o700, exist_ok=True)
            (self._directory / str(build)).touch(mode=0o600)

    def unmark(self, build: int) -> None:
        """Nothing is left to do for it."""
        with suppress(OSError):
            (self._directory / str(build)).unlink()

    async def ended(self) -> list[BuildRow]:
        """The builds that another process has left behind with their ends. To be asked before builds are taken over:
        afterwards they may be in work again. Raises StoreError."""
        marked = await asyncio.to_thread(self._marked)
        rows = await self._store.read(lambda tx: _rows(tx, marked))
        for gone in set(marked) - rows.keys():
            self.unmark(gone)
        return [row for row in rows.values() if row.ended_at is not None]

    async def finish(self, rows: Sequence[BuildRow]) -> None:
        """Do that last work. What goes wrong with one is told, the others are done all the same."""
        for row in rows:
            try:
                await asyncio.to_thread(tidy, self._store.build_directory(row.id), row)
            except RunnerError as error:
                log.error("build.untidy", build=row.id, job=row.job, number=row.number, error=str(error))
            else:
                self.unmark(row.id)

    def _marked(self) -> list[int]:
        if not self._directory.is_dir():
            return []
        return sorted(int(path.name) for path in self._directory.iterdir() if path.name.isdigit())


def _rows(tx: Transaction, builds: Sequence[int]) -> dict[int, BuildRow]:
    found = ((build, views.build(tx, build)) for build in builds)
    return {build: row for build, row in found if row is not None}
