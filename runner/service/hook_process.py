"""One program of the host, from its start to its end: its output, its time limit, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runner.execution.remains import end_marked
from runner.service.threads import finished

MARK = "RUNNER_HOOK_PROCESS"
"""The variable that everything is born with that a hook starts."""
BLOCK = 64 * 1024
MOST = 1024 * 1024
"""Bytes of output that are kept."""
STUCK_S = 10.0
LEFT_OUT = b"\n(what it prints beyond 1 MiB is left out)\n"


@dataclass(frozen=True, slots=True)
class HookEnd:
    """`status` is the exit status (negative: the signal; None: the time limit was reached); `left` are processes that
    it left running and that were killed."""

    status: int | None
    left: tuple[str, ...] = ()


async def run_to_its_end(
    program: Path, environment: Mapping[str, str], limit: timedelta, output: Callable[[bytes], None]
) -> HookEnd:
    """Run it in a session of its own, for `limit` at most. It has ended when its process has, whoever holds its output
    open; then all that it started is killed, also where we are cancelled. Raises OSError where it cannot be started,
    and what `output` raises."""
    mark = f"{MARK}={secrets.token_hex(16)}"
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        with contextlib.closing(_Output(reading, output)) as said:
            try:
                process = _start(program, {**environment, MARK: mark.partition("=")[2]}, writing)
            finally:
                os.close(writing)
            try:
                in_time = await _ended_in_time(process.pid, limit)
            finally:
                left = await finished(functools.partial(_end, process, mark))
            said.take_rest()
    finally:
        os.close(reading)
    return HookEnd(process.returncode, tuple(left)) if in_time else HookEnd(None)


def _start(program: Path, environment: Mapping[str, str], writing: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(program)],
        cwd="/",
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
        start_new_session=True,
    )


async def _ended_in_time(pid: int, limit: timedelta) -> bool:
    """Wait for its end; whether it came. Its status is not taken."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)
    try:
        async with asyncio.timeout(limit.total_seconds()) as ours:
            await ended.wait()
    except TimeoutError:
        if not ours.expired():
            raise
        return False
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return True


def _end(process: subprocess.Popen[bytes], mark: str) -> list[str]:
    """Kill what is left of it, also what has left its session or emptied its environment; blocks. Until its status is
    taken here, its number is its own."""
    left = end_marked(mark)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel
        process.wait(STUCK_S)
    return left


class _Output:
    """Takes what comes through a pipe while the loop runs, and no more than `MOST` bytes of it."""

    def __init__(self, reading: int, output: Callable[[bytes], None]) -> None:
        self._reading = reading
        self._output = output
        self._room = MOST
        self._lost: OSError | None = None
        os.set_blocking(reading, False)
        asyncio.get_running_loop().add_reader(reading, self._take)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reading)

    def take_rest(self) -> None:
        """What was printed before this moment."""
        while self._take():
            pass
        if self._lost is not None:
            raise self._lost

    def _take(self) -> int:
        try:
            data = os.read(self._reading, BLOCK)
        except BlockingIOError:
            return 0
        if not data:
            self.close()
        elif self._room > 0:
            self._room -= len(data)
            self._keep(data if self._room > 0 else data[: self._room + len(data)] + LEFT_OUT)
        return len(data)

    def _keep(self, data: bytes) -> None:
        try:
            self._output(data)
        except OSError as error:  # the disk is full: whoever waits is told
            self._lost, self._room = error, 0
