"""`runner serve` from its settings to its end: signals, operators' log, systemd."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from msgspec.structs import replace

from runner.daemon.opening import open_service
from runner.daemon.reloading import reload_when_asked
from runner.daemon.service import Service
from runner.errors import UsageError
from runner.integrations.sources import default_path
from runner.service.notify import Notifier, handed_over
from runner.service.operator_log import OperatorLog
from runner.service.project import base_directory
from runner.service.settings import PipelineSource, Settings
from runner.service.settings_reading import read_settings

log = structlog.stdlib.get_logger("runner.service")


def serve(config: Path | None, paths: Sequence[Path]) -> None:
    """Serve until SIGTERM or SIGINT. `paths` are directories that are watched as pipelines beside those of the
    settings. Raises UsageError (SettingsError), StoreError."""
    found = read_settings(config)
    settings = with_paths(found.settings, paths)
    with OperatorLog(settings.log) as operators:
        asyncio.run(_serve(settings, _Again(config, paths, found.file), operators))


def with_paths(settings: Settings, paths: Sequence[Path]) -> Settings:
    """The settings with pipelines that are named on the command line, each by the name of its directory. Where the
    settings name no integrations, those of a local run of the first one are taken."""
    pipelines = dict(settings.pipelines)
    for path in paths:
        name = path.resolve().name
        if name in pipelines:
            raise UsageError(f"{path}: there is a pipeline {name} already")
        pipelines[name] = PipelineSource(path=path.resolve())
    integrations = settings.integrations or (default_path(base_directory(paths)) if paths else None)
    return replace(settings, pipelines=pipelines, integrations=integrations)


@dataclass(frozen=True, slots=True)
class _Again:
    """How the settings were read, to read them again."""

    config: Path | None
    paths: Sequence[Path]
    file: Path | None

    def read(self) -> Settings:
        return with_paths(read_settings(self.config).settings, self.paths)


async def _serve(settings: Settings, again: _Again, operators: OperatorLog) -> None:
    began = time.monotonic()
    notifier = Notifier()
    async with AsyncExitStack() as stack:
        service = await open_service(stack, settings, handed_over())
        asked = asyncio.Event()
        _obey_signals(service, asked)

        def ready() -> None:
            notifier.ready(f"watching {len(service.settings.pipelines)} pipelines")
            log.info("service.ready", state=str(settings.state_dir), seconds=round(time.monotonic() - began, 3))

        def around(begins: bool) -> None:
            notifier.reloading() if begins else notifier.ready(f"watching {len(service.settings.pipelines)} pipelines")

        async with asyncio.TaskGroup() as group:
            group.create_task(notifier.watchdog(service.stopping), name="watchdog")
            reloading = group.create_task(
                reload_when_asked(service, again.read, again.file, operators, asked, around), name="reloading"
            )
            await service.run(ready)
            reloading.cancel()
        notifier.stopping()
        log.info("service.stopped")


def _obey_signals(service: Service, reload: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, service, number)
    loop.add_signal_handler(signal.SIGHUP, reload.set)


def _stop(service: Service, number: int) -> None:
    log.info("service.stopping", signal=signal.Signals(number).name, left_running=len(service.building.running))
    service.stopping.set()
