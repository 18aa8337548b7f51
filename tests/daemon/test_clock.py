"""The clock of a service under a clock of the host that is set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from runner.service.ticking import Ticking
from tests.daemon.running import Host, serving, until

LEAP_DAYS = """
resources:
  - {name: clock, type: time, seed: {interval: '0,30 * 29 2 *'}}
jobs: []
"""
LEAP_DAY = datetime(2096, 2, 29, tzinfo=UTC)


@dataclass
class Clock:
    """What the host's clock says; `read` is set each time that somebody looks."""

    moment: datetime
    read: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self) -> datetime:
        self.read.set()
        return self.moment


async def test_a_clock_that_goes_back_an_hour_makes_no_tick_twice_and_none_of_the_next_day_is_missing(
    host: Host,
) -> None:
    host.write(LEAP_DAYS)
    async with serving(host.settings) as service:
        clock = Clock(LEAP_DAY - timedelta(minutes=1))
        ticking = Ticking(service.decisions, service.engines, clock)

        async def look_at(moment: datetime) -> None:
            clock.read.clear()
            clock.moment = moment
            ticking.look_again()
            await clock.read.wait()

        async def ticks() -> list[str] | None:
            versions = await service.questions.versions("clock")
            names = [version.name for version in reversed(versions) if version.name]
            return names if names and names[-1] == wanted else None

        async with asyncio.TaskGroup() as group:
            running = group.create_task(ticking.run())
            await look_at(clock.moment)
            await look_at(LEAP_DAY + timedelta(minutes=31))
            await look_at(LEAP_DAY - timedelta(minutes=29))
            await look_at(LEAP_DAY + timedelta(minutes=1))
            await look_at(LEAP_DAY + timedelta(minutes=60))
            wanted = "2096-02-29T01:00:00.000000Z"
            found = await until(service, ticks)
            running.cancel()
        assert found == ["2096-02-29T00:30:00.000000Z", wanted]
