"""Processes that do not want to end, and looking at them from outside."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

# A program that says its pid at the gate, then stays and ignores every polite signal. It needs no quoting.
STUBBORN = 'bash -c "trap : TERM HUP INT; echo \\$\\$ > \\$GATE; while :; do sleep 600; done"'
WILLING = 'bash -c "echo \\$\\$ > \\$GATE; exec sleep 600"'

HIDING = {
    "a child in the background": "{} &",
    "a session of its own": "setsid {} &",
    "a double fork": "( ( {} & ) & )",
    "a double fork with a session of its own": "( setsid {} & ) ; true",
    "one that closed everything": "setsid {} </dev/null >/dev/null 2>&1 248>&- 249>&- &",
    "one that is stopped": "{} & kill -STOP $! ; echo $! > $GATE",
}


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def exists(path: str) -> bool:
    return Path(path).exists()


async def gone(pid: int) -> None:
    """Wait until a process has ended; it need not be a child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    await ended.wait()
    loop.remove_reader(descriptor)
    os.close(descriptor)
