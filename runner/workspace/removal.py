"""Removing what a build has left, whatever its scripts have made of it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Collection
from pathlib import Path


def remove_all_but(place: Path, kept: Collection[str]) -> None:
    """Remove everything in `place` but the names in `kept`; links are removed, not followed. Raises OSError.

    `place` itself must be a directory and no link; it may be missing.
    """
    try:
        top = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        for name in os.listdir(top):
            if name not in kept:
                remove(name, top)
    finally:
        os.close(top)


def remove(name: str, top: int) -> None:
    """Remove one entry of the open directory `top`, with all that is below it. Raises OSError."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=top)  # never opened: a socket cannot be, and a pipe would wait for its other end
        return
    try:
        shutil.rmtree(name, dir_fd=top)
    except (PermissionError, RecursionError):
        _remove_thoroughly(name, top)


def _remove_thoroughly(name: str, top: int) -> None:
    """For directories without permissions or nested deeper than Python can follow: the host's own commands can."""
    where = f"/proc/{os.getpid()}/fd/{top}"
    removing, opening = ("rm", "-rf", "--", f"./{name}"), ("chmod", "-R", "u+rwX", "--", f"./{name}")
    for command in (removing, opening, removing):  # root needs no permission, and gives none to what a link leads to
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, errors="replace", check=False)
        if command is removing and not done.returncode:
            return
    raise OSError(f"rm ended with {done.returncode}: {done.stderr.strip()[:500]}")
