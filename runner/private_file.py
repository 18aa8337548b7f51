"""Files that hold secrets: only one that is the user's own and nobody else's to open is read, and one that is written
is whole and never open to others."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

MOST_BYTES = 1 << 20


class RefusedFileError(Exception):
    """Why a file is not read; the text is a sentence without its name."""


def read_private(path: Path, what: str) -> bytes:
    """The content of a private file; `what` it is ("a file of integrations"). Raises RefusedFileError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not make us wait
    except OSError as error:
        raise RefusedFileError(f"the file cannot be read: {error.strerror}") from error
    try:
        _check(path, os.fstat(descriptor), what)
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        raise RefusedFileError(f"the file is larger than 1 MiB, which no {what.removeprefix('a ')} is")
    return content


def write_whole(path: Path, content: bytes, mode: int, *, replace: bool) -> None:
    """Whole or not at all, never open to others even for a moment. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)  # unlike a rename, this never takes the place of what another process has made
    finally:
        temporary.unlink(missing_ok=True)


def _check(path: Path, facts: os.stat_result, what: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        kind = "a directory" if stat.S_ISDIR(facts.st_mode) else "not a file"
        raise RefusedFileError(f"this is {kind}; {what} is needed here")
    name = shlex.quote(str(path))
    if facts.st_uid != os.geteuid():
        raise RefusedFileError(f"the file holds secrets but belongs to another user; run: sudo chown $(id -un) {name}")
    if facts.st_mode & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise RefusedFileError(
            f"the file holds secrets but others can open it (mode {mode:03o}); run: chmod 600 {name}"
        )
