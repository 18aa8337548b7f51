"""Workers of a test: one in this process, or processes that it may kill and stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

from runner.dispatch.seam import Dispatch
from tests.dispatch.bodies import Bodies

PATIENCE_S = 30


class Worker:
    """One in this process."""

    def __init__(self, dispatch: Dispatch[Any]) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self.bodies = Bodies(dispatch, self._lines.put_nowait)

    async def says(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            return await self._lines.get()

    async def say(self, count: int) -> list[str]:
        return [await self.says() for _ in range(count)]


@contextlib.asynccontextmanager
async def serving(dispatch: Dispatch[Any], *pools: str, slots: int = 1, name: str = "here") -> AsyncIterator[Worker]:
    worker = Worker(dispatch)
    async with asyncio.TaskGroup() as group:
        bodies = worker.bodies
        task = group.create_task(dispatch.serve(pools, slots, bodies.handler, worker=name, report=bodies.report))
        yield worker
        task.cancel()


class WorkerProcess:
    """One in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, "the worker has ended"
        return line.decode().strip()

    def open(self, gate: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{gate}\n".encode())

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        """As a service that is restarted."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            await self._process.wait()


@contextlib.asynccontextmanager
async def worker_process(
    implementation: str, place: str, *pools: str, name: str, slots: int = 1
) -> AsyncIterator[WorkerProcess]:
    command = [sys.executable, "-m", "tests.dispatch.worker", implementation, place, name, str(slots), *pools]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        if process.returncode is None:
            await worker.kill()
