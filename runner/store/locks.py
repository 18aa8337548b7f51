"""Lock files: a live process holds one, a dead one cannot."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from runner.errors import StoreError


def acquire(path: Path) -> int:
    """Make the file and hold its lock for as long as the descriptor is open. Raises StoreError."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error.strerror}") from error
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
