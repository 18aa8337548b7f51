"""`run`: one job from its scripts and hooks to its result and its log. `gate`: waiting for what a script says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from runner.pipeline.model import Hooks
from tests.execution.harness import Job, Ran, task


class Run(Protocol):
    async def __call__(self, *script: str, hooks: Hooks = ..., **more: Any) -> Ran: ...


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run one TASK with these entries; `more` are fields of Job."""

    async def one_task(*script: str, hooks: Hooks = Hooks(), **more: Any) -> Ran:  # noqa: B008  (frozen)
        return await Job(place=tmp_path, tasks=(task(*script),), hooks=hooks, **more).run()

    return one_task


class Gate:
    """A FIFO that scripts write lines into (`echo text > $GATE`), and another that they wait at (`read < $GATE.go`)."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.export = ("GATE", str(path))
        os.mkfifo(f"{path}.go")
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._go = os.open(f"{path}.go", os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""

    async def line(self) -> str:
        """The next line that a script wrote."""
        loop = asyncio.get_running_loop()
        while b"\n" not in self._rest:
            readable = asyncio.Event()
            loop.add_reader(self._descriptor, readable.set)
            await readable.wait()
            loop.remove_reader(self._descriptor)
            self._rest += os.read(self._descriptor, 4096)
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()

    def go(self) -> None:
        """Let a script go on that waits."""
        os.write(self._go, b"go\n")

    def close(self) -> None:
        os.close(self._descriptor)
        os.close(self._go)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.close()
