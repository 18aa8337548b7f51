"""Looking after runs while their logs are followed: a log whose writer was killed gets its end all the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

from runner.cli.store import opened
from runner.store.locks import held, wait_for_release
from runner.store.store import Store


def look_after(directory: Path, run_ids: Iterable[int]) -> None:
    """Do what the next command would do, as soon as the process of one of these runs is gone. Threads that wait in the
    kernel and end with this process."""
    for run_id in dict.fromkeys(run_ids):
        path = Store(directory).runs.lock_path(run_id)
        threading.Thread(target=_watch, args=(directory, path), name=f"run {run_id}", daemon=True).start()


def _watch(directory: Path, lock: Path) -> None:
    while wait_for_release(lock):
        asyncio.run(_settle(directory))
        if not held(lock):  # nobody could take the lead: the next command says why
            return


async def _settle(directory: Path) -> None:
    async with opened(directory, wait=True):
        return
