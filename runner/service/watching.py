"""Looking at pipelines again and again, each at its own interval, and at once when somebody says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from runner.errors import RunnerError
from runner.service.pipelines import Pipelines

log = structlog.stdlib.get_logger("runner.pipelines")


class Watching:
    """`changed` is called after each look that has applied something."""

    def __init__(self, pipelines: Pipelines, intervals: Mapping[str, timedelta], changed: Callable[[], None]) -> None:
        self._pipelines = pipelines
        self._changed = changed
        self._replaced = asyncio.Event()
        self._unseen: set[str] = set()
        self.settled = asyncio.Event()
        """Set once each pipeline has been looked at."""
        self._intervals: Mapping[str, timedelta] = {}
        self._wanted: dict[str, asyncio.Event] = {}
        self.replace(intervals)

    def look_at(self, name: str) -> None:
        """Look at this pipeline now: something was pushed to it. One that new settings bring or drop at this moment is
        looked at anyway, or not any more."""
        if (wanted := self._wanted.get(name)) is not None:
            wanted.set()

    def replace(self, intervals: Mapping[str, timedelta]) -> None:
        """Watch these pipelines from now on; each is looked at at once."""
        self._intervals = intervals
        self._wanted = {name: asyncio.Event() for name in intervals}
        self._unseen = set(intervals)
        if not intervals:
            self.settled.set()
        self._replaced.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._replaced.clear()
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._watch(name, interval, self._wanted[name]), name=f"pipeline {name}")
                    for name, interval in self._intervals.items()
                ]
                await self._replaced.wait()
                for task in tasks:
                    task.cancel()

    async def _watch(self, name: str, interval: timedelta, wanted: asyncio.Event) -> None:
        while True:
            wanted.clear()
            try:
                if (await self._pipelines.sync(name)).applied:
                    self._changed()
            except RunnerError as error:
                log.error("pipeline.unusable", pipeline=name, error=str(error))
            except Exception:
                log.exception("pipeline.bug", pipeline=name)  # the others, and what runs, go on
            self._unseen.discard(name)
            if not self._unseen:
                self.settled.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(interval.total_seconds()):
                    await wanted.wait()
