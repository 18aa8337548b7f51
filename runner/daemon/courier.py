"""Who tells people of the builds of a service, and what operators read of it."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from runner.daemon.engines import ServiceEngines
from runner.errors import StoreError
from runner.notifications.letter import Sender
from runner.notifications.patience import Patience
from runner.service.addresses import HookAddresses
from runner.service.courier import Courier, Told
from runner.service.engines import Engines
from runner.service.smtp import smtp_server
from runner.store.rows import BuildRow

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=15)
"""Pauses between attempts."""

log = structlog.stdlib.get_logger("runner.notifications")


@dataclass(frozen=True, slots=True)
class ServiceWatcher:
    """`tell` has a line in the log of a build, if that is open; `count` hears of each outcome."""

    tell: Callable[[int, str, str], None]
    count: Callable[[str], None]

    def told(self, told: Told) -> None:
        self.tell(told.build.id, told.text, "info" if told.complete else "warning")
        outcome = "sent" if told.complete else "refused" if told.again is None else "delayed"
        self.count(outcome)
        write = log.info if told.complete else log.warning
        write(
            f"notification.{outcome}",
            build=told.build.id,
            job=told.build.job,
            number=told.build.number,
            moment=told.notice.moment,
            target=told.notice.target,
            told=told.attempt.told,
            errors=dict((*told.attempt.refused, *told.attempt.later)),
            again=None if told.again is None else told.again.isoformat(timespec="seconds"),
        )

    def trouble(self, error: StoreError) -> None:
        log.error("store.unusable", error=str(error))


def service_courier(made: ServiceEngines, engines: Engines, watcher: ServiceWatcher) -> Courier:
    """By the present settings, whichever these are when something is sent."""

    def patience() -> Patience:
        return Patience(first=FIRST, longest=LONGEST, total=made.settings.notifications.keep_trying)

    def sender() -> Sender:
        from runner.notifications.sending import Senders  # a service without notifications needs no SMTP

        return Senders(lambda: smtp_server(made.settings.smtp))

    def log_of(build: BuildRow) -> str:
        public = made.settings.server.public_url
        where = f"--host {shlex.quote(public)}" if public else f"--host local (on {platform.node()})"
        return f"runner logs {shlex.quote(build.name)} {where}"

    return Courier(made.store, HookAddresses(made.store, engines.of, log_of), sender, patience, watcher)
