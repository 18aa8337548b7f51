"""Files that hold secrets: only one that is the user's own and nobody else's to open is read."""

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
