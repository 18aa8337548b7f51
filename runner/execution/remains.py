"""Ending what a supervisor that was killed has left: no other process knows these processes any more."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.execution import cgroups
from runner.execution.control import COOKIE, PLACE
from runner.execution.processes import lives, name_of

LAST_S = 10.0
"""How long to go on killing; what is left then is another user's, or stuck in the kernel."""
AGAIN_S = 0.05


def end_remains(place: Path, groups: Sequence[str]) -> list[str]:
    """Kill all that is left of the build at `place` and remove its groups. Gives what was alive, in words; blocks
    until nothing is left, or for ten seconds.

    Its control groups know its processes; those that are in none are known by the variable they were born with.
    """
    return end_marked(f"{COOKIE}={place.absolute() / PLACE}", groups)


def end_marked(variable: str, groups: Sequence[str] = ()) -> list[str]:
    """The same for whatever was born with a variable (`NAME=value`) or is in one of the groups."""
    found: dict[int, str] = {}
    deadline = time.monotonic() + LAST_S
    while left := [pid for pid in _left(variable, groups) if lives(pid)]:
        for pid in left:
            found.setdefault(pid, name_of(pid))
        _kill(left, groups)
        if time.monotonic() > deadline:
            break
        _wait_for(left)
    for group in groups:
        cgroups.remove(group)
    return list(found.values())


def _left(variable: str, groups: Sequence[str]) -> set[int]:
    grouped = {pid for group in groups for pid in cgroups.members(group)}
    return (grouped | set(_marked(variable.encode()))) - {os.getpid()}


def _marked(mark: bytes) -> Iterator[int]:
    """The pids of all processes that were born with this variable."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                environ = Path(f"/proc/{name}/environ").read_bytes()
            except OSError:  # it has ended, or belongs to another user
                continue
            if mark in environ.split(b"\0"):
                yield int(name)


def _kill(pids: Sequence[int], groups: Sequence[str]) -> None:
    for group in groups:
        try:
            cgroups.kill(group)
        except OSError:  # v1, or a kernel without cgroup.kill
            continue
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _wait_for(pids: Sequence[int]) -> None:
    """Until they have ended, or for a moment each. One that is ending has lost its variables already: only this tells
    whether it is gone."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(AGAIN_S * 1000)
        os.close(descriptor)
