"""Which process supervises a build: written into its lock file before anything else, so that any later process knows.

The lock is held by the starter from before the supervisor is there, and by the supervisor to its end. So a lock file
that is locked belongs to a build that runs; one that is free and empty to a build of which nothing has run; one that
is free and filled to a build that has run, whose result is there unless its supervisor was killed.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import fcntl
import os
import time
from _json import encode_basestring_ascii  # json's own, without the cost of importing json

from runner.execution.order import parse_object
from runner.execution.processes import lives, start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

AGAIN_S = 0.01
LONGEST = 64 * 1024
LOCK = "lock"
"""The name of the lock file beside the log of a build."""


class Identity:
    """`pid` and `start` (clock ticks) name a process of one boot of the host; `groups` are the control groups that it
    may have made; `grace` (seconds) and `limit_at` (of the monotonic clock) say when it should have ended."""

    __slots__ = ("boot", "grace", "groups", "limit_at", "pid", "start")

    def __init__(self, pid: int, start: int, boot: str, groups: list[str], grace: float, limit_at: float) -> None:
        self.pid = pid
        self.start = start
        self.boot = boot
        self.groups = groups
        self.grace = grace
        self.limit_at = limit_at

    @property
    def of_this_boot(self) -> bool:
        return self.boot == boot_id()

    @property
    def alive(self) -> bool:
        """Whether this very process still runs, and not another one with its number."""
        return self.of_this_boot and start_time(self.pid) == self.start and lives(self.pid)

    def wake(self) -> None:
        """Let it go on, if it was stopped."""
        if (descriptor := self.open()) is not None:
            try:
                _signal.pidfd_send_signal(descriptor, _signal.SIGCONT)
            except ProcessLookupError:
                pass  # it has ended meanwhile
            finally:
                os.close(descriptor)

    def open(self) -> int | None:
        """A descriptor of the process that becomes readable when it ends; None where it has ended."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if self.alive:
            return descriptor
        os.close(descriptor)  # between the two looks it ended, and its number was given to another one
        return None


def own(groups: list[str], grace: float, limit: float) -> Identity:
    """This process, which supervises a build from now on for at most `limit` seconds."""
    pid = os.getpid()
    return Identity(pid, start_time(pid) or 0, boot_id(), groups, grace, time.monotonic() + limit)


def write(lock: int, identity: Identity) -> None:
    """Fill an open lock file. Raises OSError."""
    groups = ",".join(map(encode_basestring_ascii, identity.groups))
    line = (
        f'{{"pid":{identity.pid},"start":{identity.start},"boot":"{identity.boot}","groups":[{groups}],'
        f'"grace":{identity.grace},"limit_at":{identity.limit_at}}}\n'
    )
    os.ftruncate(lock, 0)
    os.pwrite(lock, line.encode(), 0)
    os.fsync(lock)


def read(lock: int) -> Identity | None:
    """What an open lock file says; None while it is empty."""
    line = os.pread(lock, LONGEST, 0)
    if not line.endswith(b"\n"):
        return None
    values = parse_object(line)
    return Identity(
        values["pid"], values["start"], values["boot"], values["groups"], values["grace"], values["limit_at"]
    )


def find(place: Path) -> Identity | None:
    """Who supervises or supervised the build at `place`; None: nobody, nothing of it has run. Blocks for the moment
    in which a supervisor is there that has not yet said who it is."""
    try:
        lock = os.open(place / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        while (found := read(lock)) is None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(AGAIN_S)  # on a thread, for the milliseconds of its start: nothing else tells of the write
            else:
                return read(lock)
        return found
    finally:
        os.close(lock)


def boot_id() -> str:
    """What tells one boot of the host from another."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
