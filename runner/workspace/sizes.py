"""How much of the disk a directory holds."""

from __future__ import annotations

import os
from pathlib import Path

BLOCK = 512
"""What `st_blocks` counts, whatever the file system has."""


def disk_usage(place: Path) -> int:
    """In bytes, as `du` counts; links are not followed, what cannot be looked at or is gone counts as nothing."""
    total = _of(place)
    waiting = [str(place)] if place.is_dir() and not place.is_symlink() else []
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += _of(entry)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
    return total


def _of(entry: Path | os.DirEntry[str]) -> int:
    try:
        return (entry.lstat() if isinstance(entry, Path) else entry.stat(follow_symlinks=False)).st_blocks * BLOCK
    except OSError:
        return 0
