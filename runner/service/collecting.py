"""Removing what was planned: rows first, then their directories. A crash between them leaves directories that belong to
nothing, which the next plan finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from runner.service.leftovers import Leftover, is_supervised
from runner.service.retention_plan import GoingBuild, Plan, Tally
from runner.service.retention_planning import batches
from runner.service.threads import finished
from runner.store import removing
from runner.store.retention import Pin, unknown_builds, unknown_runs
from runner.store.store import Store
from runner.workspace.removal import remove

BUILDS_AT_ONCE = 25
"""Removed in one transaction: a decision of the service never waits long for it."""
RUNS_AT_ONCE = 10
DELIVERIES_AT_ONCE = 500


class Collecting:
    """Carries plans out. `pins` gives those in force at any moment; `notice` takes a sentence about what cannot be
    removed: it stays and is tried again by the next plan."""

    def __init__(self, store: Store, pins: Callable[[], frozenset[Pin]], notice: Callable[[str], None]) -> None:
        self._store = store
        self._pins = pins
        self._notice = notice

    async def carry_out(self, plan: Plan) -> Tally:
        """Give up what was planned, but for what has come into use since. Raises StoreError."""
        for some in batches(list(plan.sizes.items())):
            await self._store.transaction(partial(removing.keep_sizes, sizes=dict(some)))
        builds = await self._remove_builds(plan.tally.builds)
        versions = await self._remove_versions(plan.versions)
        files, file_bytes = await self._remove_files(plan.file_sets)
        runs = await self._remove_runs(plan.runs)
        deliveries = await self._forget_deliveries(plan.deliveries_before)
        leftovers = await self._remove_leftovers(plan.leftovers)
        while await self._store.database.shrink():
            pass
        left_bytes = sum(leftover.bytes for leftover in leftovers)
        return Tally(
            builds=tuple(builds),
            versions=versions,
            files=files,
            runs=runs,
            deliveries=deliveries,
            leftovers=len(leftovers),
            bytes=sum(build.bytes for build in builds) + file_bytes + left_bytes,
        )

    async def _remove_builds(self, builds: Sequence[GoingBuild]) -> list[GoingBuild]:
        gone: list[GoingBuild] = []
        for some in batches(builds, BUILDS_AT_ONCE):
            ids = [build.id for build in some]
            removed = await self._store.transaction(partial(removing.remove_builds, ids=ids))
            gone += [build for build in some if build.id in removed]
            await finished(partial(self._remove, [self._store.build_directory(build) for build in removed]))
        return gone

    async def _remove_versions(self, versions: Sequence[int]) -> int:
        gone = 0
        for ids in batches(versions):
            gone += await self._store.transaction(partial(removing.remove_versions, ids=ids, pins=self._pins()))
        return gone

    async def _remove_files(self, file_sets: Sequence[str]) -> tuple[int, int]:
        """Contents and bytes that have gone."""
        files = size = 0
        while file_sets:
            removed = await self._store.transaction(partial(removing.remove_files, digests=file_sets))
            files, size, file_sets = files + removed.files, size + removed.bytes, file_sets[removed.sets :]
        return files, size

    async def _remove_runs(self, runs: Sequence[int]) -> int:
        gone = 0
        for ids in batches(runs, RUNS_AT_ONCE):
            gone += len(await self._store.transaction(partial(removing.remove_runs, ids=ids)))
        return gone

    async def _forget_deliveries(self, before: datetime) -> int:
        forget = partial(removing.forget_deliveries, before=before, most=DELIVERIES_AT_ONCE)
        gone = 0
        while some := await self._store.transaction(forget):
            gone += some
        return gone

    async def _remove_leftovers(self, leftovers: Sequence[Leftover]) -> list[Leftover]:
        """Gives those that have gone; what the store knows after all stays."""
        gone: list[Leftover] = []
        for some in batches(leftovers):
            ids = {of_run: [left.id for left in some if left.of_run is of_run] for of_run in (False, True)}
            builds = await self._store.read(partial(unknown_builds, ids=ids[False]))
            runs = await self._store.read(partial(unknown_runs, ids=ids[True]))
            going = [left for left in some if left.id in (runs if left.of_run else builds)]
            removed = await finished(partial(self._remove, [left.path for left in going]))
            gone += [left for left in going if left.path in removed]
        return gone

    def _remove(self, paths: Sequence[Path]) -> list[Path]:
        """Gives those that are gone."""
        gone = []
        for path in paths:
            if is_supervised(path):  # it ends soon, and its directory belongs to nothing then
                continue
            try:
                _remove(path)
                gone.append(path)
            except OSError as error:
                self._notice(f"{path} cannot be removed: {error.strerror or error}")
        return gone


def _remove(path: Path) -> None:
    """Whatever it is now: a link is removed, not followed. Raises OSError."""
    try:
        top = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        remove(path.name, top)
    except FileNotFoundError:
        pass  # somebody else has removed it, or it was never made
    finally:
        os.close(top)
