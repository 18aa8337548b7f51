"""Which builds of a job are kept: the rule, without I/O or clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.store.retention import HeldBuild


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much of each job is kept; None: no limit. `size` is in bytes."""

    age: timedelta | None = None
    builds: int | None = None
    size: int | None = None

    def cutoff(self, now: datetime) -> datetime | None:
        """What is from before this is old; None where nothing is."""
        if self.age is None:
            return None
        try:
            return now - self.age
        except OverflowError:  # older than the calendar
            return None


def staying(builds: Sequence[HeldBuild], needed: Collection[int]) -> frozenset[int]:
    """The builds of a job that stay whatever the limits say: those that go on, the newest one, the newest successful
    one, and those that something else needs. `builds` are all of the job, newest first."""
    newest = {build.id for build in builds[:1]}
    success = next(({build.id} for build in builds if build.status == "success"), set())
    open_ = {build.id for build in builds if build.ended_at is None or build.led or build.id in needed}
    return frozenset(newest | success | open_)


def beyond(builds: Sequence[HeldBuild], keep: Keep, needed: Collection[int], now: datetime) -> list[HeldBuild]:
    """The builds of a job that go, newest first: those that are too old, those after the newest N, and the oldest of
    the rest while together they are too large. What stays whatever the limits say counts as well."""
    stay = staying(builds, needed)
    cutoff = keep.cutoff(now)
    going = {
        build.id
        for position, build in enumerate(builds)
        if build.id not in stay
        and (
            (cutoff is not None and build.ended_at is not None and build.ended_at < cutoff)
            or (keep.builds is not None and position >= keep.builds)
        )
    }
    if keep.size is not None:
        size = sum(build.size for build in builds if build.id not in going)
        for build in reversed(builds):
            if size > keep.size and build.id not in stay and build.id not in going:
                going.add(build.id)
                size -= build.size
    return [build for build in builds if build.id in going]
