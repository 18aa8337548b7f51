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
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.errors import SetupError
from runner.execution import cgroups, identity
from runner.execution.control import PLACE
from runner.execution.model import (
    RESULT,
    EndedBy,
    Result,
    Spec,
    TaskSpec,
    encode_line,
    encode_spec,
    read_result,
)
from runner.execution.patience import Patience
from runner.execution.remains import end_remains
from runner.execution.sockets import connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeAlias

    from runner.execution.identity import Identity
    from runner.secret import Secret

    Placing: TypeAlias = Callable[[Path, int], Awaitable[None]]

__all__ = ["Launcher", "LocalLauncher", "Result", "Spec", "Supervised", "TaskSpec"]

SUPERVISOR = Path(__file__).with_name("supervisor.py")
TOLD_S = 10.0
"""How long a supervisor may take to answer before it counts as stuck."""
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # what the interpreter itself may need; jobs get `Spec.base` instead


class Supervised(Protocol):
    """A build that runs in its own process."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> Result:
        """The result, once no process of the build is left. May be cancelled and awaited again."""

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """End the build soon: TERM, grace period, KILL. The result has the status `cancelled` and this reason, unless
        it had ended already."""

    def mask(self, secrets: Sequence[Secret]) -> None:
        """Hide these too in what is logged from now on."""

    def note(self, text: str, level: str = "warning") -> None:
        """Write a line of the runner's own (info, warning, error) into the log."""


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
        build = _LocalBuild(spec.place, process.pid, pidfd, Patience(pidfd, grace, limit_at), _Child(process, errors))
        ours.setblocking(False)
        try:
            if self._placing:
                await self._placing(spec.place, process.pid)
            await build.connect(ours, encode_spec(spec, lock))
        except BaseException:
            ours.close()
            await build.wait()
            raise
        return build

    async def adopt(self, place: Path) -> Supervised | None:
        found = await asyncio.to_thread(identity.find, place)
        if found is None:
            return None
        process = found.open() if found.alive else None
        if process is None:
            return _EndedBuild(place, found)
        patience = Patience(process, found.grace, found.limit_at)
        patience.wake()
        build = _LocalBuild(place, found.pid, process, patience, None, found)
        try:
            connection = await asyncio.to_thread(_connect, place)
        except OSError:  # it is ending by now, and listens no more
            return build
        await build.connect(connection, b"")
        return build


class _Child:
    """What only the parent of a supervisor has: its status, and what it said on standard error."""

    def __init__(self, process: subprocess.Popen[bytes], errors: int) -> None:
        self._process = process
        self._errors = errors

    def ending(self) -> str:
        """How it ended, for a build whose result is missing."""
        said = os.pread(self._errors, 64 * 1024, 0).decode("utf-8", "replace").strip()
        os.close(self._errors)
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        last = said.rpartition("\n")[2]
        return f"{how}{f': {last}' if last else ''}"


class _LocalBuild:
    """A supervisor that runs, our own child or one that was adopted."""

    def __init__(
        self,
        place: Path,
        pid: int,
        pidfd: int,
        patience: Patience,
        child: _Child | None,
        known: Identity | None = None,
    ) -> None:
        self.pid = pid
        self._patience = patience
        self._place = place
        self._child = child
        self._identity = known
        self._started_at = datetime.now(UTC)
        self._transport: asyncio.WriteTransport | None = None
        self._ended = asyncio.Event()
        self._result: Result | None = None
        self._settling = asyncio.Lock()
        self._pidfd = pidfd
        asyncio.get_running_loop().add_reader(self._pidfd, self._end)

    async def connect(self, control: socket.socket, first: bytes) -> None:
        """Take the socket and say the first line. What the socket does not take at once, the loop sends later."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_unix_connection(asyncio.Protocol, sock=control)
        if first:
            self._transport.write(first)

    async def wait(self) -> Result:
        await self._ended.wait()
        async with self._settling:
            if self._result is None:
                said = self._child.ending() if self._child else "it is no child of this process"
                said = "it did not answer and was killed" if self._patience.killed else said
                known = self._identity or await asyncio.to_thread(identity.find, self._place)
                self._result = await settled(self._place, known, said, self._started_at)
        return self._result

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        self._tell(encode_line({"do": "cancel", "reason": reason, "by": by}))
        if not self._ended.is_set():
            self._patience.expect_its_end()

    def mask(self, secrets: Sequence[Secret]) -> None:
        self._tell(encode_line({"do": "mask", "values": [secret.reveal() for secret in secrets]}))

    def note(self, text: str, level: str = "warning") -> None:
        self._tell(encode_line({"do": "note", "text": text, "level": level}))

    def _tell(self, line: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(line)

    def _end(self) -> None:
        """The supervisor has ended: let go of everything that belonged to it."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self._patience.close()
        os.close(self._pidfd)
        if self._transport:
            self._transport.abort()
        self._ended.set()


class _EndedBuild:
    """A build whose supervisor has ended while nobody waited for it."""

    def __init__(self, place: Path, known: Identity) -> None:
        self.pid = known.pid
        self._place = place
        self._identity = known

    async def wait(self) -> Result:
        return await settled(self._place, self._identity, "nobody saw how", datetime.now(UTC))

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """It has ended already."""

    def mask(self, secrets: Sequence[Secret]) -> None:
        """It logs nothing any more."""

    def note(self, text: str, level: str = "warning") -> None:
        """It logs nothing any more."""


async def settled(place: Path, known: Identity | None, how: str, started_at: datetime) -> Result:
    """The result of a build whose supervisor has ended: the one it left, else an error; then what is left of its
    processes is ended here."""
    try:
        result = read_result(place / RESULT)
    except FileNotFoundError:
        left = await asyncio.to_thread(end_remains, place, known.groups if known else ())
    else:
        for group in known.groups if known else ():
            cgroups.remove(group)  # where it was killed after its last word
        return result
    restarted = known is not None and not known.of_this_boot
    reason = "the host was restarted" if restarted else f"the supervisor ended without a result ({how})"
    return Result(
        status="error",
        exit_code=None,
        signal=None,
        reason=reason,
        by=EndedBy.HOST_RESTART if restarted else EndedBy.RUNNER,
        left=tuple(left),
        task=None,
        seq=0,
        next_id=0,
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )


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
