"""When an attempt is made again, and when nothing more is tried."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

GROWTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Pauses grow from `first` to `longest`; nothing is tried later than `total` after somebody was to be told."""

    first: timedelta
    longest: timedelta
    total: timedelta

    def next(self, since: datetime, attempts: int, now: datetime, after: timedelta | None = None) -> datetime | None:
        """When the attempt after `attempts` of them is due, `after` a time at least that the other side asked for; None
        where that is too late. `since` is when somebody was to be told."""
        grown = self.first * GROWTH ** min(attempts - 1, 16)
        pause = max(min(grown, self.longest), after or timedelta())
        # Compared before it is added: the other side may ask for more time than there are dates.
        return now + pause if pause <= self.total - (now - since) else None


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when the event is set, or at that time."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        left = None if until is None else max(0.0, (until - self.now()).total_seconds())
        try:
            async with asyncio.timeout(left) as ours:
                await event.wait()
        except TimeoutError:
            if not ours.expired():
                raise
