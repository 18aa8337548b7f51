"""A service in this very process, on a state directory of its own, with a pipeline that tests can change."""

from __future__ import annotations

import asyncio
import os
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from runner.daemon.opening import open_service
from runner.daemon.service import Service
from runner.service.settings import PipelineSource, Settings
from runner.service.settings_reading import read_settings
from runner.store.rows import BuildRow

T = TypeVar("T")
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Host:
    """A directory with a pipeline `shop`, and the settings of a service for it."""

    directory: Path

    @property
    def settings(self) -> Settings:
        file = self.directory / "runner.toml"
        file.write_text(f'state_dir = "{self.directory}/state"\n[server]\nsocket = "{self.directory}/api.sock"\n')
        shop = PipelineSource(path=self.directory / "shop", poll=timedelta(hours=1))
        return replace(read_settings(file, {}).settings, pipelines={"shop": shop})

    def pipe(self, name: str) -> Path:
        """A pipe in which a job can tell the test something: `echo > PIPE` there, `heard` here."""
        path = self.directory / name
        os.mkfifo(path)
        return path

    def write(self, text: str, name: str = "shippable.yml") -> None:
        path = self.directory / "shop" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """A service that runs until the block ends; then it is stopped as SIGTERM stops it. It has looked at its pipelines
    once."""
    async with AsyncExitStack() as stack:
        service = await open_service(stack, settings, {})
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(service.run(ready.set))
            await ready.wait()
            await service.watching.settled.wait()
            try:
                yield service
            finally:
                service.stopping.set()


async def ended(service: Service, job: str, number: int = 1) -> BuildRow:
    """The build once it has ended."""

    async def found() -> BuildRow | None:
        rows = await service.questions.builds(job=job)
        return next((row for row in rows if row.number == number and row.ended_at is not None), None)

    return await until(service, found)


async def until(service: Service, look: Callable[[], Awaitable[T | None]]) -> T:
    """What `look` gives, once it gives something: asked again after every change of the store."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            changed = service.decisions.changed
            if (found := await look()) is not None:
                return found
            await changed.wait()


async def heard(pipe: Path) -> str:
    """What a job says in a pipe, once it does."""
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.to_thread(pipe.read_text)
