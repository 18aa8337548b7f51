"""Running a program on the terminal until it ends, and ending all that it has left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from runner.execution.containment import Containment
from runner.execution.ending import AGAIN, NAMED, kill_all
from runner.execution.processes import Processes, name_of
from runner.execution.remains import end_remains
from runner.execution.terminal import Program, terminal_kept
from runner.service.threads import finished

ASKED_TO_END = (signal.SIGHUP, signal.SIGTERM)
LEFT_TO_IT = (signal.SIGINT, signal.SIGQUIT)
"""What a person types goes to the program: it is the program that decides."""


async def run_in_foreground(program: Program, place: Path, grace: timedelta, tell: Callable[[str], None]) -> int:
    """Its exit code, 128 and more for a signal. Whatever it was and started has ended then: asked to, and after `grace`
    killed. Its processes are known by descent, and by the variable that names `place`. Raises OSError."""
    processes = Processes(Containment("", {}, groups=False))
    try:
        with terminal_kept():
            code = await _ended(program.start(tell), grace)
    finally:
        await finished(lambda: _end_rest(processes, place, grace, tell))
    return code if code >= 0 else 128 - code


async def _ended(pid: int, grace: timedelta) -> int:
    """Wait for it; who wants us to end makes it end first."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, _set, over)
    try:
        with _signals(pid, grace):
            await over
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return _status(pid)


def _status(pid: int) -> int:
    """Of a process that has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _set(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


@contextlib.contextmanager
def _signals(pid: int, grace: timedelta) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    killing: list[asyncio.TimerHandle] = []

    def end(number: int) -> None:
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)
        killing.append(loop.call_later(grace.total_seconds(), os.kill, pid, signal.SIGKILL))

    for number in ASKED_TO_END:
        loop.add_signal_handler(number, end, signal.SIGHUP)  # the one that an interactive shell ends by
    for number in LEFT_TO_IT:
        loop.add_signal_handler(number, lambda: None)
    loop.add_signal_handler(signal.SIGCONT, os.kill, pid, signal.SIGCONT)
    try:
        yield
    finally:
        for timer in killing:
            timer.cancel()
        loop.remove_signal_handler(signal.SIGCONT)
        for number in ASKED_TO_END:  # it is being cleared away, nothing may break that off
            loop.add_signal_handler(number, lambda: None)


def _end_rest(processes: Processes, place: Path, grace: timedelta, tell: Callable[[str], None]) -> None:
    if left := processes.members():
        names = ", ".join(map(name_of, left[:NAMED])) + (f" and {len(left) - NAMED} more" if left[NAMED:] else "")
        processes.send(left, signal.SIGTERM)
        tell(f"ending what it has left running: {names}")
    deadline = time.monotonic() + grace.total_seconds()
    while not processes.gone() and time.monotonic() < deadline:
        select.poll().poll(AGAIN * 1000)
    kill_all(processes)
    end_remains(place, ())
