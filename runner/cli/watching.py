"""Looking after runs while their logs are followed: a log whose writer was killed gets its end all the same."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from runner.cli.store import opened
from runner.errors import RunnerError
from runner.store.locks import held, wait_for_release
from runner.store.store import Store


def look_after(directory: Path, run_ids: Iterable[int], over: Callable[[int], object] = lambda run_id: None) -> None:
    """Do what the next command would do, as soon as the process of one of these runs is gone. Threads that wait in the
    kernel and end with this process. `over` is called, on such a thread, once nobody leads a run any more."""
    for run_id in dict.fromkeys(run_ids):
        arguments = (directory, run_id, over)
        threading.Thread(target=_watch, args=arguments, name=f"run {run_id}", daemon=True).start()


def _watch(directory: Path, run_id: int, over: Callable[[int], object]) -> None:
    lock = Store(directory).runs.lock_path(run_id)
    while wait_for_release(lock):
        with contextlib.suppress(RunnerError):  # a store that cannot be used is for the next command to tell
            asyncio.run(_settle(directory))
        if not held(lock):
            break
    with contextlib.suppress(RuntimeError):  # the loop that wanted to hear it has ended
        over(run_id)


async def _settle(directory: Path) -> None:
    async with opened(directory, wait=True):
        return
