"""What is left of a user when its build has ended: processes, and files in the directories that all users share."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from dataclasses import dataclass

from runner.execution.processes import lives, name_of
from runner.execution.shell import bash_path
from runner.job_user import JobUser
from runner.workspace.removal import remove

SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (they are looked at, nothing is put there)
ROUNDS = 10
END_ALL = '[[ $UID == "$1" && $EUID == "$1" ]] && kill -KILL -1'
"""What ends every process of the user that runs it, at once: nothing that is born meanwhile escapes. It is no other
user's, the kernel sees to that; and it never runs as another one."""


@dataclass(frozen=True, slots=True)
class Remains:
    """`ended` are processes that were killed, `stuck` those that could not be; `removed` are paths, `kept` those that
    could not be removed, with the reason."""

    ended: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def told(self, user: JobUser) -> list[str]:
        """A sentence for everything that nobody had to expect."""
        told = []
        if self.ended:
            told.append(f"processes of the job user {user.name} still ran and were killed: {_list(self.ended)}")
        if self.stuck:
            told.append(
                f"processes of the job user {user.name} cannot be ended, no other build gets it: {_list(self.stuck)}"
            )
        if self.kept:
            told.append(f"files of the job user {user.name} cannot be removed: {_list(self.kept)}")
        return told


def clear_away(user: JobUser) -> Remains:
    """End every process of this user and remove what it has in the directories that all users share. Raises OSError
    where a process cannot even be looked for."""
    found: dict[int, str] = {}
    stuck = _living(user.uid)
    for _ in range(ROUNDS):
        if not stuck:
            break
        for pid in stuck:
            found.setdefault(pid, name_of(pid))
        _end_all(user, stuck)
        stuck = _living(user.uid)
    removed: list[str] = []
    kept: list[str] = []
    for directory in SHARED:
        _remove_all(user.uid, directory, removed, kept)
    return Remains(
        tuple(told for pid, told in found.items() if pid not in stuck),
        tuple(found.get(pid) or name_of(pid) for pid in stuck),
        tuple(removed),
        tuple(kept),
    )


def _living(uid: int) -> list[int]:
    """Every process that is this user in one of the four ways of proc(5): real, effective, saved, for files."""
    wanted = str(uid).encode()
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in pids if wanted in _uids(pid) and lives(pid)]


def _uids(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as file:
            return file.read(4096).partition(b"\nUid:")[2].partition(b"\n")[0].split()
    except OSError:  # it has ended
        return []


def _end_all(user: JobUser, living: list[int]) -> None:
    """KILL for all of them, in one go; returns when those that lived have had the time to end."""
    if user.uid in (0, os.geteuid()):
        raise PermissionError(1, "the runner's own user is no user for jobs")
    command = [bash_path(), "--norc", "--noprofile", "-c", END_ALL, "bash", str(user.uid)]
    try:
        subprocess.run(
            command,
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            start_new_session=True,
            check=False,
        )
    except OSError:  # the user has as many processes as it may have
        for pid in living:
            _kill(pid, user.uid)
    for pid in living:
        _wait_for(pid)


def _kill(pid: int, uid: int) -> None:
    """KILL for one of them, if it is still the user's."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if str(uid).encode() in _uids(pid):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def _wait_for(pid: int) -> None:
    """Until it has ended, or for a second."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(1000)
        finally:
            os.close(descriptor)


def _remove_all(uid: int, directory: str, removed: list[str], kept: list[str]) -> None:
    """Entries that belong to the user; the directory keeps other users from putting theirs in their places."""
    try:
        top = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # a host without it
        return
    try:
        for name in os.listdir(top):
            try:
                if os.stat(name, dir_fd=top, follow_symlinks=False).st_uid == uid:
                    remove(name, top)
                    removed.append(f"{directory}/{name}")
            except FileNotFoundError:
                continue
            except OSError as error:
                kept.append(f"{directory}/{name} ({error.strerror or error})")
    finally:
        os.close(top)


def _list(told: tuple[str, ...], most: int = 10) -> str:
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more
