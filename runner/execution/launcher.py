"""Starting supervisors, finding those that run already, and waiting for them, from the side of the event loop."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.errors import SetupError
from runner.execution import identity
from runner.execution.control import PLACE
from runner.execution.model import (
    EndedBy,
    Result,
    Spec,
    TaskSpec,
    encode_line,
    encode_spec,
)
from runner.execution.patience import Patience
from runner.execution.sockets import connect
from runner.execution.supervised import Child, EndedBuild, LocalBuild, Supervised

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Placing: TypeAlias = Callable[[Path, int], Awaitable[None]]

__all__ = ["Launcher", "LocalLauncher", "Result", "Spec", "Supervised", "TaskSpec"]

SUPERVISOR = Path(__file__).with_name("supervisor.py")
TOLD_S = 10.0
"""How long a supervisor may take to answer before it counts as stuck."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # what the interpreter itself may need; jobs get `Spec.base` instead


class Launcher(Protocol):
    async def start(self, spec: Spec) -> Supervised:
        """Start the TASKs of a build. Raises SetupError where they were started before."""

    async def adopt(self, place: Path) -> Supervised | None:
        """Take over the build at `place` whose starter is gone, whether it runs or has ended; None where nothing of
        it was ever started."""


class LocalLauncher:
    """Starts supervisors on this host. `placing` is awaited with the place and the pid of each before it gets its
    order, and so before it makes control groups below its own; it must not raise."""

    def __init__(self, placing: Placing | None = None) -> None:
        self._placing = placing

    async def start(self, spec: Spec) -> Supervised:
        lock = _take_lock(spec.place)
        try:
            ours, theirs = socket.socketpair()
            errors = os.memfd_create("supervisor-errors", os.MFD_CLOEXEC)
            with theirs:
                process = _spawn(theirs, errors, lock)
        finally:
            os.close(lock)  # from here on the supervisor alone holds it
        grace, limit_at = spec.grace.total_seconds(), time.monotonic() + spec.limit.total_seconds()
        pidfd = os.pidfd_open(process.pid)
        build = LocalBuild(spec.place, process.pid, pidfd, Patience(pidfd, grace, limit_at), Child(process, errors))
        ours.setblocking(False)
        try:
            if self._placing:
                await self._placing(spec.place, process.pid)
            await build.connect(ours, encode_spec(spec, lock))
        except BaseException:
            ours.close()
            try:
                await build.wait()
            finally:
                build.leave()  # where we are cancelled once more
            raise
        return build

    async def adopt(self, place: Path) -> Supervised | None:
        found = await asyncio.to_thread(identity.find, place)
        if found is None:
            return None
        process = found.open() if found.alive else None
        if process is None:
            return EndedBuild(place, found)
        patience = Patience(process, found.grace, found.limit_at)
        patience.wake()
        build = LocalBuild(place, found.pid, process, patience, None, found)
        try:
            connection = await asyncio.to_thread(_connect, place)
        except OSError:  # it is ending by now, and listens no more
            return build
        await build.connect(connection, b"")
        return build


def tell_to_end(place: Path, reason: str) -> None:
    """Cancel a running build over the head of whoever leads it; blocks. Raises OSError where it runs no more."""
    line = encode_line({"do": "cancel", "reason": reason, "by": EndedBy.USER})
    with socket.socket(fileno=connect(place, PLACE).detach()) as connection:
        connection.settimeout(TOLD_S)
        connection.sendall(line)
        connection.recv(4096)


def _take_lock(place: Path) -> int:
    """The lock of a build that was never started. Raises SetupError."""
    lock = os.open(place / identity.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        before = identity.read(lock)
    except BlockingIOError:
        os.close(lock)
        raise SetupError(f"another supervisor runs this build ({place / identity.LOCK} is locked)") from None
    if before is not None:
        os.close(lock)
        raise SetupError(f"this build was run before, by process {before.pid}: it is never run twice")
    return lock


def _connect(place: Path) -> socket.socket:
    """The control socket of a running build. Raises OSError."""
    connection = socket.socket(fileno=connect(place, PLACE).detach())
    connection.setblocking(False)
    return connection


@functools.cache
def supervisor_program() -> tuple[str, ...]:
    """The command that starts a supervisor. It finds no installed package by itself (`-I -S`), so it is told where
    those lie that it needs: ahocorasick_rs to hide secrets, zstandard to keep long logs."""
    directories = dict.fromkeys(_directory_of(package) for package in ("ahocorasick_rs", "zstandard"))
    return (sys.executable, "-I", "-S", str(SUPERVISOR), *directories)


def _directory_of(package: str) -> str:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package}, which the runner needs, is not installed")
    return str(Path(found.origin).parents[1])


def _spawn(control: socket.socket, errors: int, lock: int) -> subprocess.Popen[bytes]:
    """Start the supervisor program in a session of its own."""
    return subprocess.Popen(
        supervisor_program(),
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        pass_fds=(lock,),
        start_new_session=True,
    )
