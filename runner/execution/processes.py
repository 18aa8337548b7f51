"""The processes of a build: who descends from this supervisor, and how they are ended.

The supervisor is a child subreaper: whatever a job leaves behind, `setsid` and double forks included, stays its
descendant. Where the kernel gives the build a control group, that knows the same processes, and ends them at once.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself costs 6 ms (enum)
import os

try:
    from _ctypes import call_function, dlopen, dlsym  # `ctypes` itself costs 5 ms

    FOREIGN_CALLS = True
except ImportError:  # an interpreter that was built without libffi
    FOREIGN_CALLS = False

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.execution.containment import Containment

SIGKILL: int = _signal.SIGKILL
SIGTERM: int = _signal.SIGTERM
SIGCONT: int = _signal.SIGCONT

ROUNDS = 10  # looks for what is born while the rest is killed
_PR_SET_CHILD_SUBREAPER, _PR_CAP_AMBIENT, _CLEAR_ALL = 36, 47, 4  # prctl(2)


def become_subreaper() -> bool:
    """Make orphaned descendants of this process its children. False where that cannot be had."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def clear_ambient_capabilities() -> None:
    """Give up what programs would take over from this process, whoever executes them. Raises PermissionError where
    that cannot be had."""
    if not _prctl(_PR_CAP_AMBIENT, _CLEAR_ALL) and b"CapAmb:\t0000000000000000\n" not in _read("/proc/self/status"):
        raise PermissionError(1, "this Python cannot give up ambient capabilities")


def _prctl(option: int, value: int) -> bool:
    if not FOREIGN_CALLS:
        return False
    prctl = dlsym(dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None: what this program itself is linked with
    return bool(call_function(prctl, (option, value, 0, 0, 0)) == 0)


class Processes:
    """What belongs to this build: all that descends from this process, and all in its group. `session` is the shell
    that is running or ran last (0: none yet)."""

    def __init__(self, containment: Containment) -> None:
        self.complete = become_subreaper()
        self.session = 0
        self._containment = containment
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
        if self.reap() or self._containment.members():
            return False
        return self.complete or not self._descendants()

    def members(self) -> list[int]:
        """The pids of everything that lives, in order."""
        grouped = self._containment.members()
        return sorted({*self._descendants(), *(pid for pid in grouped if lives(pid))})

    def send(self, pids: list[int], number: int) -> None:
        """Send a signal to each; those that ended meanwhile or belong to another user are passed over."""
        for pid in pids:
            try:
                os.kill(pid, number)
                if number == SIGTERM:
                    os.kill(pid, SIGCONT)  # a stopped process must be able to end
            except (ProcessLookupError, PermissionError):
                continue

    def kill(self) -> None:
        """KILL for everything: at once for what is in the group, then in rounds for what is outside."""
        self._containment.kill()
        killed: set[int] = set()
        for _ in range(ROUNDS):
            fresh = [pid for pid in self.members() if pid not in killed]
            if not fresh:
                return
            self.send(fresh, SIGKILL)
            killed.update(fresh)

    def _descendants(self) -> list[int]:
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


def describe(pid: int) -> str:
    """`4711 (sleep 100)`: the pid and the command line, secrets and all."""
    command = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ") or _read(f"/proc/{pid}/comm").strip()
    text = command.decode("utf-8", "replace").replace("\n", " ")
    return f"{pid} ({text})" if text else str(pid)


def name_of(pid: int) -> str:
    """`4711 (sleep)`: the pid and the name of the program, without its arguments."""
    return f"{pid} ({_read(f'/proc/{pid}/comm').strip().decode('utf-8', 'replace')})"


def lives(pid: int) -> bool:
    """Whether there is such a process and it is no zombie."""
    fields = _stat(pid)
    return len(fields) == 4 and fields[0] not in b"ZX"


def start_time(pid: int) -> int | None:
    """When a process was started, in clock ticks since the host was: with the pid this names it for good. None: it
    is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split(b" ")
    return int(fields[19]) if len(fields) > 19 else None


def holds(pid: int, inode: int) -> bool:
    """Whether a process has the pipe with this inode open."""
    wanted = f"pipe:[{inode}]"
    try:
        return any(_link(f"/proc/{pid}/fd/{name}") == wanted for name in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


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
