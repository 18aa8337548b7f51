"""Retention while a service runs: at its start and every hour, what is beyond the limits of its settings goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from runner.errors import StoreError
from runner.service.collecting import Collecting
from runner.service.keeping import Keep
from runner.service.retention_plan import Tally
from runner.service.retention_planning import Planning
from runner.store.retention import Pin
from runner.store.store import Store

EVERY = timedelta(hours=1)

log = structlog.stdlib.get_logger("runner.retention")


class Retention:
    """`keep`, `pins` and `busy` give what holds at any moment: the limits, the pins of the pipelines that are applied,
    the builds that this process looks after."""

    def __init__(
        self,
        store: Store,
        keep: Callable[[], Keep],
        pins: Callable[[], frozenset[Pin]],
        busy: Callable[[], Collection[int]],
    ) -> None:
        self._store = store
        self._keep = keep
        self._pins = pins
        self._busy = busy
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._collecting = Collecting(store, pins, lambda text: log.warning("retention.left", text=text))

    def look_now(self) -> None:
        """Do not wait for the hour: the limits have changed, or the disk is nearly full."""
        self._wanted.set()

    async def run(self) -> None:
        """Collect until cancelled."""
        while True:
            self._wanted.clear()
            try:
                await self.collect()
            except StoreError as error:
                log.error("store.unusable", error=str(error))
            except OSError as error:  # the service goes on, and the next hour tries again
                log.error("retention.failed", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY.total_seconds()):
                    await self._wanted.wait()

    async def collect(self) -> Tally:
        """Remove what is beyond the limits now. Raises StoreError."""
        async with self._one_at_a_time:
            began = time.monotonic()
            planning = Planning(
                store=self._store, keep=self._keep(), pins=self._pins(), busy=self._busy(), now=datetime.now(UTC)
            )
            tally = await self._collecting.carry_out(await planning.plan())
        tell = log.debug if tally.nothing else log.info
        tell(
            "retention.collected",
            builds=len(tally.builds),
            versions=tally.versions,
            files=tally.files,
            runs=tally.runs,
            deliveries=tally.deliveries,
            leftovers=tally.leftovers,
            bytes=tally.bytes,
            seconds=round(time.monotonic() - began, 3),
        )
        return tally
