"""Put a new content in the place of a file: whole or not at all, its mode and owner kept."""

from __future__ import annotations

import os


def replace_file(path: str, data: bytes, mode: int = 0o666) -> None:
    """Atomic; a link stays, what it points to is replaced. `mode` is for a new file, less the umask. Raises OSError,
    and leaves everything as it was."""
    path = os.path.realpath(path)
    staged = f"{os.path.dirname(path)}/.{os.path.basename(path)[:200]}.{os.getpid()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _take_over(path, descriptor)
        os.replace(staged, path)
    except BaseException:
        os.unlink(staged)
        raise


def _take_over(path: str, descriptor: int) -> None:
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return
    mine = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (mine.st_uid, mine.st_gid):
        try:  # noqa: SIM105  contextlib would cost as much as the command itself
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError:
            pass  # the file becomes the caller's, as it would with mv
    os.fchmod(descriptor, old.st_mode & 0o7777)
