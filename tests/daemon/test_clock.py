"""The clock of a service, with a time that the test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runner.daemon.service import Service
from runner.service.ticking import Ticking
from tests.daemon.running import Host, serving, until

HOURLY = """
resources:
  - {{name: clock, type: time, versionTemplate: {{interval: "{interval}"}}}}
"""
NOON = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)


async def ticks_at(service: Service, moment: datetime) -> list[str | None]:
    """The names of the versions that there are after a look at the clock at this moment."""
    await Ticking(service.decisions, service.engines, lambda: moment).look_once()
    return [version.name for version in reversed(await service.questions.versions("clock"))][1:]


async def test_missed_ticks_are_made_up_for_once_and_a_clock_that_goes_back_makes_none_twice(host: Host) -> None:
    host.write(HOURLY.format(interval="0 * * * *"))
    async with serving(host.settings) as service:
        await started(service)
        assert await ticks_at(service, NOON) == ["2030-01-01T12:00:00.000000Z"]
        later = [*await ticks_at(service, NOON + timedelta(hours=5))]
        assert later == ["2030-01-01T12:00:00.000000Z", "2030-01-01T17:00:00.000000Z"]
        assert await ticks_at(service, NOON - timedelta(hours=1)) == later
        assert await ticks_at(service, NOON + timedelta(hours=5)) == later


async def test_the_time_of_a_changed_interval_begins_with_the_change(host: Host) -> None:
    host.write(HOURLY.format(interval="0 * * * *"))
    async with serving(host.settings) as service:
        await started(service)
        first = await ticks_at(service, NOON)
        host.write(HOURLY.format(interval="*/10 * * * *"))
        await service.pipelines.sync("shop")
        assert len(await ticks_at(service, NOON)) == len(first) + 1  # the version of the change, no tick
        assert (await ticks_at(service, NOON + timedelta(minutes=10)))[-1] == "2030-01-01T12:40:00.000000Z"


async def started(service: Service) -> None:
    """Wait until the time of the clock has begun."""

    async def begun() -> bool | None:
        (clock,) = await service.questions.resources()
        return clock.ticked_at is not None or None

    service.ticking.look_again()
    await until(service, begun)
