"""Limits that the supervisor itself looks after: what no kernel of this host counts for a build as a whole."""

from __future__ import annotations

import os
import time

from runner.execution.containment import V1, V2
from runner.execution.verdict import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OFTEN = 0.25  # seconds between two looks at the processes
SELDOM = 1.0  # seconds between two looks at the build directory, at least
SHARE = 20  # a look at the build directory may take one part in so many of the time

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Looks at what is used and says what is over its limit. `printed` gives the bytes of output so far, `pids` the
    processes of the build; `directories` are those that are its own."""

    def __init__(
        self,
        limits: Mapping[str, int],
        how: Mapping[str, str],
        directories: Sequence[str],
        pids: Callable[[], list[int]],
        printed: Callable[[], int],
    ) -> None:
        self._limits = {name: value for name, value in limits.items() if how.get(name) not in (V1, V2)}
        self._directories = directories
        self._pids = pids
        self._printed = printed
        now = time.monotonic()
        self._processes_at = now + OFTEN if self._limits.keys() & {"memory", "pids"} else None
        self._disk_at = now + SELDOM if "disk" in self._limits else None

    def next(self) -> float | None:
        """The monotonic second of the next look; None: there is nothing to look at by the clock."""
        return min((at for at in (self._processes_at, self._disk_at) if at is not None), default=None)

    def exceeded(self) -> str | None:
        """The sentence about the first limit that is passed, looking at what is due."""
        if "log" in self._limits and self._printed() > self._limits["log"]:
            return f"log limit of {size(self._limits['log'])} reached"
        now = time.monotonic()
        if self._processes_at is not None and now >= self._processes_at:
            self._processes_at = now + OFTEN
            if found := self._over_in_processes():
                return found
        if self._disk_at is not None and now >= self._disk_at:
            used = sum(map(disk_usage, self._directories))
            took = time.monotonic() - now
            self._disk_at = now + max(SELDOM, took * SHARE)
            if used > self._limits["disk"]:
                return f"disk limit of {size(self._limits['disk'])} reached: the build directory holds {size(used)}"
        return None

    def _over_in_processes(self) -> str | None:
        pids = self._pids()
        if "pids" in self._limits and (number := sum(map(threads, pids))) > self._limits["pids"]:
            return f"limit of {self._limits['pids']} processes reached: there are {number}"
        if "memory" in self._limits and (used := sum(map(resident, pids))) > self._limits["memory"]:
            return f"memory limit of {size(self._limits['memory'])} reached: the processes hold {size(used)}"
        return None


def threads(pid: int) -> int:
    """How many threads a process has, which the kernel counts like processes; 0 if it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def resident(pid: int) -> int:
    """The bytes of memory that a process holds; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def disk_usage(directory: str) -> int:
    """The bytes that everything below a directory takes up on its disk; what is removed meanwhile counts nothing."""
    used = 0
    waiting = [directory]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    used += _blocks(entry)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return used


def _blocks(entry: os.DirEntry[str]) -> int:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    return status.st_blocks * 512 // max(1, status.st_nlink)
