"""Looking at pipelines again and again, each at its own interval, and at once when somebody says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from runner.errors import StoreError
from runner.service.pipelines import Pipelines

log = structlog.stdlib.get_logger("runner.pipelines")


class Watching:
    """`changed` is called after each look that has applied something."""

    def __init__(self, pipelines: Pipelines, intervals: Mapping[str, timedelta], changed: Callable[[], None]) -> None:
        self._pipelines = pipelines
        self._intervals = intervals
        self._changed = changed
        self._wanted = {name: asyncio.Event() for name in intervals}

    def look_at(self, name: str) -> None:
        """Look at this pipeline now: something was pushed to it."""
        self._wanted[name].set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, interval in self._intervals.items():
                group.create_task(self._watch(name, interval), name=f"pipeline {name}")

    async def _watch(self, name: str, interval: timedelta) -> None:
        while True:
            self._wanted[name].clear()
            try:
                if (await self._pipelines.sync(name)).applied:
                    self._changed()
            except StoreError as error:
                log.error("store.unusable", pipeline=name, error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(interval.total_seconds()):
                    await self._wanted[name].wait()
