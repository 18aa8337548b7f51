"""The processes of a build: who descends from this supervisor, and how they are ended.

The supervisor is a child subreaper: whatever a job leaves behind, `setsid` and double forks included, stays its
descendant. Where the kernel gives a build a group of its own, that group can take the place of `descendants`.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import os

try:
    from _ctypes import call_function, dlopen, dlsym  # `ctypes` itself costs 5 ms

    FOREIGN_CALLS = True
except ImportError:  # an interpreter that was built without libffi
    FOREIGN_CALLS = False

SIGKILL: int = _signal.SIGKILL
SIGTERM: int = _signal.SIGTERM
SIGCONT: int = _signal.SIGCONT

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def become_subreaper() -> bool:
    """Make orphaned descendants of this process its children. False where that cannot be had."""
    if not FOREIGN_CALLS:
        return False
    prctl = dlsym(dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None: what this program itself is linked with
    return bool(call_function(prctl, (_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0)


class Processes:
    """What descends from this process; `session` is the shell that is running or ran last (0: none yet)."""

    def __init__(self) -> None:
        self.complete = become_subreaper()
        self.session = 0
        self._statuses: dict[int, int] = {}

    def reap(self) -> bool:
        """Take the status of every child that ended. False if no child is left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return True
                if pid == self.session:
                    self._statuses[pid] = status
        except ChildProcessError:
            return False

    def shell_status(self) -> int | None:
        """The wait status of the shell, None while it runs."""
        return self._statuses.get(self.session)

    def gone(self) -> bool:
        """Whether nothing is left."""
        return not self.reap() and (self.complete or not self.descendants())

    def descendants(self) -> list[int]:
        """The pids of everything alive beneath this process or in the shell's session."""
        children: dict[int, list[int]] = {}
        living: set[int] = set()
        found: set[int] = set()
        for pid, parent, session, alive in _all_processes():
            children.setdefault(parent, []).append(pid)
            if alive:
                living.add(pid)
            if self.session and session == self.session:
                found.add(pid)
        waiting = [os.getpid()]
        while waiting:
            below = children.get(waiting.pop(), [])
            waiting += below
            found.update(below)
        return sorted(found & living)

    def send(self, pids: list[int], number: int) -> None:
        """Send a signal to each; those that ended meanwhile or belong to another user are passed over."""
        for pid in pids:
            try:
                os.kill(pid, number)
                if number == SIGTERM:
                    os.kill(pid, SIGCONT)  # a stopped process must be able to end
            except (ProcessLookupError, PermissionError):
                continue


def describe(pid: int) -> str:
    """`4711 (sleep 100)`: the pid and the beginning of the command line."""
    command = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ") or _read(f"/proc/{pid}/comm").strip()
    text = command[:200].decode("utf-8", "replace").replace("\n", " ")
    return f"{pid} ({text})" if text else str(pid)


def _all_processes() -> list[tuple[int, int, int, bool]]:
    """pid, parent, session and whether it lives, of every process that can be seen."""
    return [
        (int(name), int(fields[1]), int(fields[3]), fields[0] not in b"ZX")
        for name in os.listdir("/proc")
        if name.isdigit() and len(fields := _stat(int(name))) == 4
    ]


def _stat(pid: int) -> list[bytes]:
    """state, parent, group, session … of proc(5), or nothing if the process is gone. Its name may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split(b" ", 4)[:4]


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 8192)
    except OSError:  # the process ended between the two
        return b""
    finally:
        os.close(descriptor)
