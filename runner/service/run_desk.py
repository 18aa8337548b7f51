"""The desk of a local run: jobs of it may have something told with integrations that are kept back from them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from runner.errors import StoreError
from runner.integrations.keeping_back import TYPES
from runner.integrations.model import Integration
from runner.service.engine import Engine
from runner.service.notify_desk import NotifyDesk
from runner.store.rows import BuildRow


@asynccontextmanager
async def with_desk(engine: Engine, integrations: Mapping[str, Integration]) -> AsyncIterator[Engine]:
    """The engine with a desk that is open as long as this is, where an integration may need one. Raises StoreError."""
    if not any(each.type.master_name in TYPES and "deliver" in each.fields for each in integrations.values()):
        yield engine
        return

    async def engine_of(build: BuildRow) -> Engine:
        return engine

    desk = NotifyDesk(engine.store, engine_of)
    try:
        opened = await desk.open()
    except OSError as error:
        raise StoreError(f"nothing can listen in {engine.store.directory}: {error.strerror}") from error
    async with opened:
        yield replace(engine, desk=desk)
