"""The places of shells in a store's directory: each is locked by the process whose shell it is."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runner.errors import StoreError
from runner.execution.remains import end_remains
from runner.store.locks import try_acquire
from runner.workspace.removal import remove, remove_all_but
from runner.workspace.stripping import strip_secrets

SHELLS, LOCK, WORK = "shells", "lock", "work"


@contextlib.contextmanager
def shell_place(directory: Path, *, keep: bool) -> Iterator[Path]:
    """A new place, gone afterwards; `keep`: its build directory stays, without the secrets that it got. Raises
    StoreError."""
    clear_abandoned(directory)
    try:
        place, lock = _locked(directory)
    except OSError as error:
        raise StoreError(f"no place for a shell can be made in {directory}: {error.strerror}") from error
    try:
        yield place
    finally:
        try:
            _leave(place, keep=keep)
        except OSError as error:
            raise StoreError(f"{place} cannot be removed: {error}") from error
        finally:
            os.close(lock)
            with contextlib.suppress(OSError):  # others are open, or were kept
                (directory / SHELLS).rmdir()


def _locked(directory: Path) -> tuple[Path, int]:
    """A new place with its lock; another one where somebody who clears away takes it for abandoned. Raises OSError."""
    while True:
        (directory / SHELLS).mkdir(mode=0o700, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=directory / SHELLS))
        if (lock := try_acquire(place / LOCK)) is not None:
            return place, lock


def clear_abandoned(directory: Path) -> None:
    """End and remove what shells have left whose process was killed. Raises StoreError."""
    for place in (directory / SHELLS).iterdir() if (directory / SHELLS).is_dir() else ():
        if not (place / LOCK).exists():  # kept for somebody
            continue
        lock = try_acquire(place / LOCK)
        if lock is None:
            continue
        try:
            end_remains(place, ())
            _remove(place)
        except OSError as error:
            raise StoreError(f"{place}, which a killed shell has left, cannot be removed: {error}") from error
        finally:
            os.close(lock)


def _leave(place: Path, *, keep: bool) -> None:
    if keep and (place / WORK).is_dir():
        strip_secrets(place / WORK)
        remove_all_but(place, {WORK})
    else:
        _remove(place)


def _remove(place: Path) -> None:
    top = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        remove(place.name, top)
    finally:
        os.close(top)
