"""A program of the host that the runner runs for itself and whose whole answer it wants: git, tools that log in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

GRACE = timedelta(seconds=3)
MOST = 64 * 1024 * 1024
"""Bytes of output that are read; a program that says more is ended."""
_MOST_TOLD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Said:
    """What a program printed and how it ended. `output` is longer than was allowed where it said too much; `told` is
    the end of its error output."""

    output: bytes
    told: str
    status: int


async def talk(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    given: bytes = b"",
    most: int = MOST,
) -> Said:
    """Run it to its end, with `given` as its input. Whoever stops waiting ends it, with all of its process group.

    Raises OSError where it cannot be started."""
    async with _started(argv, environment, directory) as process:
        stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
        assert not (stdin is None or stdout is None or stderr is None)  # noqa: S101, PT018 - all are pipes
        async with asyncio.TaskGroup() as group:  # all three ends at once, so that none of them can block
            group.create_task(_feed(stdin, given))
            told = group.create_task(_drain(stderr, _MOST_TOLD))
            output = await _first(stdout, most)
            if len(output) > most:
                await _end(process)
        return Said(output, told.result().decode("utf-8", "replace"), await process.wait())


@contextlib.asynccontextmanager
async def _started(
    argv: Sequence[str], environment: Mapping[str, str], directory: Path | None
) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=directory, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        await _end(process)


async def _feed(stream: asyncio.StreamWriter, given: bytes) -> None:
    with contextlib.suppress(ConnectionError):  # it has ended without reading: its status says why
        stream.write(given)
        await stream.drain()
    stream.close()
    with contextlib.suppress(ConnectionError):
        await stream.wait_closed()


async def _first(stream: asyncio.StreamReader, most: int) -> bytes:
    """All that comes, or the beginning where it is more than `most` bytes (then longer than that)."""
    found = bytearray()
    while len(found) <= most and (part := await stream.read(65_536)):
        found += part
    return bytes(found)


async def _drain(stream: asyncio.StreamReader, most: int) -> bytes:
    """The last `most` bytes of all that comes."""
    found = b""
    while part := await stream.read(65_536):
        found = (found + part)[-most:]
    return found


async def _end(process: Process) -> None:
    """End whatever of its process group still runs: TERM, a grace, KILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE.total_seconds()):
                await process.wait()
