"""Starting supervisors and waiting for them, from the side of the event loop."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.execution.model import Result, Spec, TaskSpec, encode_line, encode_spec, read_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.secret import Secret

__all__ = ["Launcher", "LocalLauncher", "Result", "Spec", "Supervised", "TaskSpec"]

SUPERVISOR = Path(__file__).with_name("supervisor.py")
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # what the interpreter itself may need; jobs get `Spec.base` instead


class Supervised(Protocol):
    """A build that runs in its own process."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> Result:
        """The result, once no process of the build is left. May be cancelled and awaited again."""

    def cancel(self, reason: str) -> None:
        """End the build soon: TERM, grace period, KILL. The result has the status `cancelled` and this reason, unless
        it had ended already."""

    def mask(self, secrets: Sequence[Secret]) -> None:
        """Hide these too in what is logged from now on."""

    def note(self, text: str, level: str = "warning") -> None:
        """Write a line of the runner's own (info, warning, error) into the log."""


class Launcher(Protocol):
    async def start(self, spec: Spec) -> Supervised:
        """Start the TASKs of a build."""


class LocalLauncher:
    """Starts supervisors that end with this process: their control socket closes when it goes, however it goes."""

    async def start(self, spec: Spec) -> Supervised:
        ours, theirs = socket.socketpair()
        errors = os.memfd_create("supervisor-errors", os.MFD_CLOEXEC)
        with theirs:
            process = _spawn(theirs, errors)
        build = _LocalBuild(spec, process, errors)
        ours.setblocking(False)
        try:
            await build.connect(ours)
        except BaseException:
            ours.close()
            await build.wait()
            raise
        return build


class _LocalBuild:
    def __init__(self, spec: Spec, process: subprocess.Popen[bytes], errors: int) -> None:
        self.pid = process.pid
        self._spec = spec
        self._process = process
        self._errors = errors
        self._started_at = datetime.now(UTC)
        self._transport: asyncio.WriteTransport | None = None
        self._ended = asyncio.Event()
        self._result: Result | None = None
        self._pidfd = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._end)

    async def connect(self, control: socket.socket) -> None:
        """Take the socket and hand over the order. What the socket does not take at once, the loop sends later."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_unix_connection(asyncio.Protocol, sock=control)
        self._transport.write(encode_spec(self._spec))

    async def wait(self) -> Result:
        await self._ended.wait()
        if self._result is None:
            self._result = self._read_result()
        return self._result

    def cancel(self, reason: str) -> None:
        self._tell(encode_line({"do": "cancel", "reason": reason}))

    def mask(self, secrets: Sequence[Secret]) -> None:
        self._tell(encode_line({"do": "mask", "values": [secret.reveal() for secret in secrets]}))

    def note(self, text: str, level: str = "warning") -> None:
        self._tell(encode_line({"do": "note", "text": text, "level": level}))

    def _tell(self, line: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(line)

    def _end(self) -> None:
        """The supervisor has ended: take its status and let go of everything that belonged to it."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._process.wait()
        if self._transport:
            self._transport.abort()
        self._ended.set()

    def _read_result(self) -> Result:
        said = os.pread(self._errors, 64 * 1024, 0).decode("utf-8", "replace").strip()
        os.close(self._errors)
        try:
            return read_result(self._spec.result)
        except FileNotFoundError:
            return self._without_result(said)

    def _without_result(self, said: str) -> Result:
        status = self._process.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        last = said.rpartition("\n")[2]
        return Result(
            status="error",
            exit_code=None,
            signal=None,
            reason=f"the supervisor ended without a result ({how}{f': {last}' if last else ''})",
            task=None,
            seq=0,
            next_id=0,
            started_at=self._started_at,
            ended_at=datetime.now(UTC),
        )


@functools.cache
def supervisor_program() -> tuple[str, ...]:
    """The command that starts a supervisor. It finds no installed package by itself (`-I -S`), so it is told where the
    one lies that it needs."""
    package = importlib.util.find_spec("ahocorasick_rs")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("ahocorasick_rs, without which no secret can be hidden, is not installed")
    return (sys.executable, "-I", "-S", str(SUPERVISOR), str(Path(package.origin).parents[1]))


def _spawn(control: socket.socket, errors: int) -> subprocess.Popen[bytes]:
    """Start the supervisor program in a session of its own."""
    return subprocess.Popen(
        supervisor_program(),
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        start_new_session=True,
    )
