"""Telling people of the builds of a local run: sent while it runs, and before the command ends."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.errors import StoreError, UsageError
from runner.notifications.outcome import NotSentError
from runner.notifications.patience import Patience
from runner.notifications.smtp import SmtpServer
from runner.service.addresses import HookAddresses
from runner.service.courier import Courier, Told
from runner.service.engine import Engine
from runner.service.ports import Observer
from runner.store.notices import NoticeRow, give_up, open_notices
from runner.store.rows import BuildRow

if TYPE_CHECKING:
    from runner.notifications.letter import Sender

PATIENCE = Patience(first=timedelta(seconds=1), longest=timedelta(seconds=4), total=timedelta(seconds=10))
DRAIN = timedelta(seconds=15)
"""How long a run that has ended waits for those who are not told yet."""


@dataclass(slots=True)
class RunWatcher:
    """What comes of a notification goes into the log of its build, as long as that is open; `tell` gives whether it
    was. Else people read it at once, unless all is well or may be yet."""

    observer: Observer
    tell: Callable[[int, str, str], bool] = lambda build_id, text, level: False

    def told(self, told: Told) -> None:
        in_log = self.tell(told.build.id, told.text, "info" if told.complete else "warning")
        if not in_log and not told.complete and told.again is None:
            self.observer.notice(f"{told.build.name}: {told.text}")

    def trouble(self, error: StoreError) -> None:
        self.observer.notice(str(error))


@asynccontextmanager
async def run_courier(engine: Engine, run_id: int, watcher: RunWatcher) -> AsyncIterator[Courier]:
    """A courier that is at work while this is open. Raises what the block raises."""

    async def engine_of(build: BuildRow) -> Engine:
        return engine

    courier = Courier(
        engine.store,
        HookAddresses(engine.store, engine_of, lambda build: _log_of(engine, build)),
        sender,
        lambda: PATIENCE,
        watcher,
        run_id=run_id,
    )
    async with AsyncExitStack() as stack:
        # Closed by its own stack, which is not told of an error: a task group would wrap it in a group.
        inner = AsyncExitStack()
        stack.push_async_callback(inner.aclose)
        group = await inner.enter_async_context(asyncio.TaskGroup())
        task = group.create_task(courier.run(), name="courier")
        stack.callback(task.cancel)
        yield courier


async def deliver_the_rest(courier: Courier, engine: Engine, run_id: int, observer: Observer) -> None:
    """Wait for those who are not told yet, and give up the rest. Raises StoreError."""
    store = engine.store
    waiting = await store.read(lambda tx: open_notices(tx, run_id))
    if waiting:
        observer.notice(f"telling {_targets(waiting)}, for at most {DRAIN.seconds} s")
    await courier.drained(DRAIN)
    left = await store.read(lambda tx: open_notices(tx, run_id))
    if left:
        await store.transaction(lambda tx: give_up(tx, run_id, "the run has ended"))
        observer.notice(f"not told, the run has ended: {_targets(left)}")


def sender() -> Sender:
    """The real one; what it needs (aiohttp, aiosmtplib) is imported by the first who is to be told."""
    from runner.notifications.sending import Senders

    return Senders(_smtp)


def _smtp() -> SmtpServer:
    """Of the settings of a service on this host, or of their variables. Raises NotSentError."""
    from runner.service.settings_reading import read_settings
    from runner.service.smtp import smtp_server

    try:
        settings = read_settings(environ=os.environ).settings
    except UsageError as error:
        raise NotSentError(f"the settings with the SMTP server are not usable: {error}") from None
    return smtp_server(settings.smtp)


def _targets(rows: Sequence[NoticeRow]) -> str:
    return ", ".join(dict.fromkeys(row.target for row in rows))


def _log_of(engine: Engine, build: BuildRow) -> str:
    place = shlex.quote(str(engine.store.directory.parent))
    return f"runner logs {shlex.quote(build.name)} -C {place}"
