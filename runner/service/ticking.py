"""The clock of a service: `time` resources get a version at each of their ticks, in UTC."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from runner.errors import RunnerError, StoreError
from runner.pipeline.model import Resource
from runner.pipeline.plain import plain
from runner.scheduling.events import VersionMade
from runner.scheduling.rules import Rules
from runner.service.decisions import Decisions, Facts
from runner.service.engines import Engines
from runner.store import ticks
from runner.store.clock import written
from runner.store.sqlite import Transaction
from runner.store.versions import add_version
from runner.triggers.cron import missed, next_tick
from runner.workspace.versions import NewVersion

TIME = "time"
AHEAD = timedelta(hours=1)
"""A last tick that is so far in the future is worth a word: the clock of the host was wrong then, or is now."""
LONGEST_WAIT = timedelta(seconds=30)
"""The clock of the host is looked at again after this: it may have been set, or the host may have slept."""

log = structlog.stdlib.get_logger("runner.clock")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ticking:
    """Makes the versions of `time` resources. A tick that was missed while the service was away is caught up, at most
    one of each resource; none comes twice, whatever the clock of the host does."""

    def __init__(self, decisions: Decisions, engines: Engines, now: Callable[[], datetime] = utc_now) -> None:
        self._decisions = decisions
        self._engines = engines
        self._now = now
        self._changed = asyncio.Event()
        self._ahead: set[str] = set()

    def look_again(self) -> None:
        """The pipelines have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self._changed.clear()
            try:
                wait = await self.look_once()
            except StoreError as error:
                log.error("store.unusable", error=str(error))
                wait = LONGEST_WAIT
            try:
                async with asyncio.timeout(max(0.0, wait.total_seconds())):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def look_once(self) -> timedelta:
        """Make every tick that is due; gives the time to wait for the next."""
        resources = [r for r in self._engines.current.pipeline.resources.values() if r.type == TIME]
        if not resources:
            return LONGEST_WAIT
        now = self._now()
        last = await self._decisions.look(lambda tx, rules: ticks.last(tx))
        waits = [LONGEST_WAIT]
        for resource in resources:
            try:
                waits.append(await self._tick(resource, last, now) - now)
            except StoreError:
                raise
            except RunnerError as error:
                log.error("clock.unusable", resource=resource.name, error=str(error))
        return min(waits)

    async def _tick(self, resource: Resource, last: Mapping[str, datetime | None], now: datetime) -> datetime:
        """Make the tick that is due, if one is; gives the next one. Raises UsageError for an impossible interval."""
        interval = interval_of(resource)
        before = last.get(resource.name)
        if before is None:  # it is new: its time begins now
            await self._decisions.decide(lambda tx, rules: Facts(ticks.begin(tx, resource.name, now)))
            before = now
        if before > now + AHEAD and resource.name not in self._ahead:
            self._ahead.add(resource.name)
            log.warning("clock.was_ahead", resource=resource.name, silent_until=written(before))
        due = missed(interval, before, now)
        if due is not None:
            await self._make(resource, due)
            before = due
        return next_tick(interval, now, before)

    async def _make(self, resource: Resource, tick: datetime) -> None:
        bag = {**plain(resource.property_bag), "tick": written(tick)}

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            if not ticks.tick(tx, resource.name, tick):
                return Facts(False)
            node = tx.row("node", name=resource.name)
            add_version(tx, node["id"], NewVersion(node=resource.name, name=written(tick), property_bag=bag))
            return Facts(True, [VersionMade(resource.name)])

        if (await self._decisions.decide(change)).value:
            log.info("clock.ticked", resource=resource.name, tick=written(tick))


def interval_of(resource: Resource) -> str:
    """The cron expression, wherever the syntax of the file has it."""
    seed = resource.yml.get("seed")
    found = resource.property_bag.get("interval") or (seed.get("interval") if isinstance(seed, Mapping) else None)
    return str(found or "")
