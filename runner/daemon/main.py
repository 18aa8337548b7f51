"""`runner serve` from its settings to its end: signals, operators' log, systemd."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import structlog

from runner.daemon.service import Service, open_service
from runner.errors import UsageError
from runner.service.notify import Notifier, handed_over
from runner.service.operator_log import OperatorLog
from runner.service.settings import PipelineSource, Settings
from runner.service.settings_reading import read_settings

log = structlog.stdlib.get_logger("runner.service")


def serve(config: Path | None, paths: Sequence[Path]) -> None:
    """Serve until SIGTERM or SIGINT. `paths` are directories that are watched as pipelines beside those of the
    settings. Raises UsageError (SettingsError), StoreError."""
    settings = with_paths(read_settings(config).settings, paths)
    with OperatorLog(settings.log):
        asyncio.run(_serve(settings))


def with_paths(settings: Settings, paths: Sequence[Path]) -> Settings:
    """The settings with pipelines that are named on the command line, each by the name of its directory."""
    pipelines = dict(settings.pipelines)
    for path in paths:
        name = path.resolve().name
        if name in pipelines:
            raise UsageError(f"{path}: there is a pipeline {name} already")
        pipelines[name] = PipelineSource(path=path.resolve())
    return msgspec.structs.replace(settings, pipelines=pipelines)


async def _serve(settings: Settings) -> None:
    began = time.monotonic()
    notifier = Notifier()
    async with AsyncExitStack() as stack:
        service = await open_service(stack, settings, handed_over())
        _stop_at_signals(service)

        def ready() -> None:
            notifier.ready(f"{len(settings.pipelines)} pipelines")
            log.info("service.ready", state=str(settings.state_dir), seconds=round(time.monotonic() - began, 3))

        async with asyncio.TaskGroup() as group:
            group.create_task(notifier.watchdog(service.stopping), name="watchdog")
            await service.run(ready)
        notifier.stopping()
        log.info("service.stopped", left_running=len(service.building.running))


def _stop_at_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, service, number)


def _stop(service: Service, number: int) -> None:
    log.info("service.stopping", signal=signal.Signals(number).name)
    service.stopping.set()
