"""Control groups: where this process may make groups for a build, and what can be done with a group.

Source: the kernel's documents "Control Group v2" and "Control Groups version 1". A group is a directory. Version 2
knows all processes of a build and ends them at once, whatever they do; version 1, which many hosts mount beside it,
can still hold them to a limit.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

V2 = ""
"""The name of the unified hierarchy among those of `hierarchies`; the others are named by their v1 controller."""

ASIDE = "supervisor"
"""The group of a supervisor beside that of its build, in a scope that systemd removes with all that is below it."""


def hierarchies() -> dict[str, str]:
    """Hierarchy → the directory of the group that this process is in. What cannot be read is left out."""
    own: dict[str, str] = {}
    for line in _lines("/proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    found: dict[str, str] = {}
    for root, mount, kind, options in _mounts():
        names = [V2] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
        for name in names:
            if name in own and name not in found and (inside := _below(root, own[name])) is not None:
                found[name] = f"{mount}{inside}"
    return found


def make(parent: str, name: str) -> str:
    """A new group below `parent`; gives its directory. Raises OSError."""
    path = f"{parent}/{name}"
    os.mkdir(path, 0o755)
    return path


def put(group: str, name: str, value: str | int) -> None:
    """Write one of the files of a group. Raises OSError."""
    descriptor = os.open(f"{group}/{name}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)


def enable(group: str, controller: str) -> None:
    """Let the v2 groups below this one be limited. A group with processes of its own cannot have that, so where this
    process is alone in it, as a supervisor is in a scope of systemd, it steps aside into a group below. Raises
    OSError."""
    wanted = f"+{controller}"
    try:
        put(group, "cgroup.subtree_control", wanted)
    except OSError as error:
        if error.errno != errno.EBUSY or _lines(f"{group}/cgroup.procs") != [str(os.getpid())]:
            raise
        put(make(group, ASIDE), "cgroup.procs", os.getpid())
        put(group, "cgroup.subtree_control", wanted)


def count(group: str, name: str, key: str) -> int:
    """The number behind `key` in a file of `key number` lines; 0 where there is none."""
    for line in _lines(f"{group}/{name}"):
        word, _, number = line.partition(" ")
        if word == key and number.isdigit():
            return int(number)
    return 0


def members(group: str) -> list[int]:
    """The pids of everything in the group and in the groups below it."""
    return [int(line) for path in _tree(group) for line in _lines(f"{path}/cgroup.procs") if line != "0"]


def kill(group: str) -> None:
    """End everything in a v2 group and below it, at once and for good. Raises OSError (Linux before 5.14)."""
    put(group, "cgroup.kill", 1)


def remove(group: str) -> bool:
    """Remove a group with the groups that a job has made below it; False while something is in it."""
    try:
        for path in reversed(list(_tree(group))):
            os.rmdir(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _tree(group: str) -> Iterator[str]:
    """The group and all below it, each before its own."""
    try:
        with os.scandir(group) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # it was removed meanwhile
        return
    yield group
    for path in below:
        yield from _tree(path)


def _mounts() -> Iterator[tuple[str, str, str, str]]:
    """Root inside the file system, mount point, type and super options of every mount (proc(5))."""
    for line in _lines("/proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(" "), right.split(" ", 2)
        yield fields[3], fields[4].replace("\\040", " "), kind, options


def _below(root: str, path: str) -> str | None:
    """`path` as it is seen below a mount of `root`; None where the mount does not show it."""
    if root == "/":
        return path.rstrip("/")
    return path[len(root) :] if path == root or path.startswith(f"{root}/") else None


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except OSError:
        return []
