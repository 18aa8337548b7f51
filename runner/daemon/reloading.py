"""New settings for a running service: what it can take over it does, what it cannot it names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import structlog
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.errors import RunnerError, StoreError
from runner.service.operator_log import OperatorLog
from runner.service.settings import Settings
from runner.service.settings_changes import changes

LOOK_AGAIN_S = 5.0
"""How often the settings file is looked at: whether it is another one by now."""

log = structlog.stdlib.get_logger("runner.service")


async def reload(service: Service, new: Settings, operators: OperatorLog) -> None:
    """Go on with these settings. What needs a restart stays as it is and is named. Raises RunnerError; then nothing has
    changed, but for StoreError: then it must be done again."""
    old = service.settings
    found = changes(old, new)
    merged = _with_what_stays(old, new)
    await service.take_over(merged)
    operators.change(merged.log)
    log.info("settings.reloaded", changed=[str(change) for change in found if not change.restart])
    if waiting := [str(change) for change in found if change.restart]:
        log.warning("settings.need_restart", waiting=waiting)


def _with_what_stays(old: Settings, new: Settings) -> Settings:
    """The new settings, but for what only a restart can change (see `restart` of their keys)."""
    server = replace(new.server, socket=old.server.socket, listen=old.server.listen)
    jobs = replace(new.jobs, users=old.jobs.users)
    return replace(new, state_dir=old.state_dir, aws=old.aws, server=server, jobs=jobs)


async def reload_when_asked(
    service: Service,
    read: Callable[[], Settings],
    file: Path | None,
    operators: OperatorLog,
    asked: asyncio.Event,
    around: Callable[[bool], None],
) -> None:
    """Reload when `asked` is set, and when the settings file has changed, until cancelled. `around` is called with True
    before and with False after each reload. Settings that are not usable are named and change nothing; where it is the
    store that is not usable, they are tried again."""
    seen, again = _stamp(file), False
    while True:
        try:
            async with asyncio.timeout(LOOK_AGAIN_S):
                await asked.wait()
        except TimeoutError:
            if _stamp(file) == seen and not again:
                continue
        asked.clear()
        again = False
        seen = _stamp(file)
        around(True)
        try:
            await reload(service, read(), operators)
        except StoreError as error:
            log.error("store.unusable", error=str(error))
            again = True
        except RunnerError as error:
            log.error("settings.refused", error=str(error))
        around(False)


def _stamp(file: Path | None) -> tuple[int, int, int] | None:
    try:
        status = os.stat(file) if file is not None else None
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_size, status.st_ino)
