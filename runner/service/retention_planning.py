"""Finding what goes. Only reads, a page at a time: nothing waits long for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from runner.service.keeping import Keep, beyond
from runner.service.leftovers import Leftover, build_places, run_notes
from runner.service.retention_plan import GoingBuild, Plan, Tally
from runner.service.threads import finished
from runner.store import retention as held
from runner.store.retention import HeldBuild, HeldRun, HeldVersion, Pin
from runner.store.sqlite import Transaction
from runner.store.store import Store
from runner.workspace.sizes import disk_usage

T = TypeVar("T")
ROWS_AT_ONCE = 100
"""Rows whose users are looked up in one transaction."""
SETS_AT_ONCE = 10
"""Sets of saved files, each of which may have many files."""
NEWEST = 2**62
"""Above every number."""
RUNS_STAY = timedelta(days=1)
"""How long a local run is kept after its end, be it without builds: its notes may say why there are none."""
DELIVERIES_STAY = timedelta(days=7)
"""How long a delivery is known, so that its repetition does not count."""


class _Unknown(Protocol):
    def __call__(self, tx: Transaction, ids: Sequence[int]) -> Collection[int]: ...


@dataclass(slots=True, kw_only=True)
class Planning:
    """One look at a store. `pins` are those in force, `busy` the builds that this process has not finished with."""

    store: Store
    keep: Keep
    pins: frozenset[Pin]
    busy: Collection[int]
    now: datetime
    _sizes: dict[int, tuple[int, int]] = field(default_factory=dict)

    async def plan(self) -> Plan:
        """Raises StoreError."""
        places = await finished(partial(build_places, self.store.directory))
        notes = await finished(partial(run_notes, self.store.directory))
        needed = await self.store.read(partial(held.needed, pins=self.pins))
        builds = await self._builds(needed.builds | frozenset(self.busy))
        going = frozenset(build.id for build in builds)
        versions = await self._versions(going, needed.versions)
        sets = await self._file_sets(frozenset(versions))
        runs = await self._runs(going)
        unknown_runs = partial(held.unknown_runs, going=frozenset(runs))
        leftovers = await self._unknown(places, held.unknown_builds) + await self._unknown(notes, unknown_runs)
        return Plan(
            tally=await self._tally(builds, versions, sets, runs, leftovers),
            versions=tuple(versions),
            file_sets=tuple(sets),
            runs=tuple(runs),
            leftovers=tuple(leftovers),
            deliveries_before=self.now - DELIVERIES_STAY,
            sizes=self._sizes,
        )

    async def _tally(
        self,
        builds: Sequence[GoingBuild],
        versions: Sequence[int],
        sets: Sequence[str],
        runs: Sequence[int],
        leftovers: Sequence[Leftover],
    ) -> Tally:
        files = await self._contents(sets)
        bytes_ = (*(build.bytes for build in builds), *files, *(leftover.bytes for leftover in leftovers))
        return Tally(
            builds=tuple(builds),
            versions=len(versions),
            files=len(files),
            runs=len(runs),
            deliveries=await self.store.read(partial(held.old_deliveries, before=self.now - DELIVERIES_STAY)),
            leftovers=len(leftovers),
            bytes=sum(bytes_),
        )

    async def _builds(self, needed: frozenset[int]) -> list[GoingBuild]:
        going = []
        for node, job in await self.store.read(held.jobs):
            builds: list[HeldBuild] = []
            while page := await self.store.read(
                partial(held.builds, node_id=node, below=builds[-1].number if builds else NEWEST)
            ):
                builds += page
            builds = await self._measured(builds)
            found = beyond(builds, self.keep, needed, self.now)
            going += [GoingBuild(build.id, job, build.number, build.bytes or 0) for build in found]
        return going

    async def _measured(self, builds: list[HeldBuild]) -> list[HeldBuild]:
        """The same with the sizes of those that have ended."""
        new = [b.id for b in builds if b.bytes is None and b.ended_at is not None and b.id not in self.busy]
        for some in batches(new):
            saved = await self.store.read(partial(held.saved_bytes, builds_=some))
            sizes = await finished(partial(self._disk_usage, some))
            self._sizes |= {build: (sizes[build], saved[build]) for build in some}
        found = []
        for build in builds:
            bytes_, saved_bytes = self._sizes.get(build.id, (build.bytes, build.saved_bytes))
            found.append(replace(build, bytes=bytes_, saved_bytes=saved_bytes))
        return found

    def _disk_usage(self, builds: Sequence[int]) -> dict[int, int]:
        return {build: disk_usage(self.store.build_directory(build)) for build in builds}

    async def _versions(self, going: frozenset[int], needed: frozenset[int]) -> list[int]:
        """A version without files goes when it is old and no build is left that made it, one with files goes with its
        build. Those that something needs and the inputs of builds that are left stay."""
        cutoff = self.keep.cutoff(self.now)
        found: list[HeldVersion] = []
        for some in batches(sorted(going)):
            found += await self.store.read(partial(held.versions_of, builds_=some, cutoff=cutoff))
        after = 0
        while page := await self.store.read(partial(held.loose_versions, after=after, cutoff=cutoff)):
            found += page
            after = page[-1].id
        unused: list[int] = []
        for ids in batches([v.id for v in found if (v.old or v.file_set is not None) and v.id not in needed]):
            unused += await self.store.read(partial(held.unused_versions, versions=ids, going=going))
        return unused

    async def _file_sets(self, versions: frozenset[int]) -> list[str]:
        found: list[str] = []
        after = ""
        while page := await self.store.read(partial(held.file_sets, after=after, most=ROWS_AT_ONCE)):
            found += await self.store.read(partial(held.unused_file_sets, digests=page, going=versions))
            after = page[-1]
        return found

    async def _contents(self, sets: Sequence[str]) -> list[int]:
        """The bytes of each content that goes with these sets."""
        found: list[int] = []
        seen: set[str] = set()
        going = frozenset(sets)
        for some in batches(sets, SETS_AT_ONCE):
            found += await self.store.read(partial(held.unused_blobs, digests=some, going=going, seen=seen))
        return found

    async def _runs(self, going: frozenset[int]) -> list[int]:
        newest = await self.store.read(held.newest_runs)
        found: list[int] = []
        after = 0
        while page := await self.store.read(partial(held.runs, after=after)):
            after = page[-1].id
            over = [run for run in page if run.id not in newest and self._is_over(run)]
            for some in batches(over):
                found += await self.store.read(partial(held.emptied_runs, found=some, going=going))
        return found

    def _is_over(self, run: HeldRun) -> bool:
        return run.kind == "graph" or (run.ended_at is not None and run.ended_at < self.now - RUNS_STAY)

    async def _unknown(self, found: Sequence[Leftover], unknown: _Unknown) -> list[Leftover]:
        left: list[Leftover] = []
        for some in batches(found):
            ids = await self.store.read(partial(unknown, ids=[leftover.id for leftover in some]))
            left += await finished(partial(_measure, [leftover for leftover in some if leftover.id in ids]))
        return left


def batches(items: Sequence[T], size: int = ROWS_AT_ONCE) -> Iterator[Sequence[T]]:
    """Parts of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _measure(leftovers: Sequence[Leftover]) -> list[Leftover]:
    return [leftover.measured() for leftover in leftovers]
