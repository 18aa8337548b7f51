"""Files that outlive a build: collected from a directory, put back into another one."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from runner.errors import RunnerError
from runner.workspace.versions import SavedFile

LIMIT = 64 * 1024 * 1024
"""Bytes that one set of saved files may hold (the platform named 1 MB and did not check it)."""


def collect(directory: Path) -> tuple[SavedFile, ...]:
    """All regular files below, recursively, by path, with their permission bits; empty directories are lost.

    A link to a file inside the directory is saved as what it points to; any other link and any special file is
    left out. Raises RunnerError when they hold more than `LIMIT` bytes.
    """
    saved: list[SavedFile] = []
    total = 0
    if directory.is_symlink() or not directory.is_dir():
        raise RunnerError(f"a script has replaced the directory {directory.name}/; its files cannot be saved")
    root = directory.resolve()
    for path in sorted(_files(root)):
        if not path.resolve().is_relative_to(root):
            continue
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            continue
        total += status.st_size
        if total > LIMIT:
            raise RunnerError(
                f"the files below {directory.name}/ hold more than {LIMIT // 1024 // 1024} MiB and cannot be saved: "
                "keep large files elsewhere and save a reference to them"
            )
        saved.append(SavedFile(str(path.relative_to(root)), stat.S_IMODE(status.st_mode), path.read_bytes()))
    return tuple(saved)


def read_text(path: Path) -> str | None:
    """A small file that a script may have written; None where there is none. Raises RunnerError where it is no
    regular file or larger than `LIMIT`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunnerError(f"{_short(path)} cannot be read: {error.strerror}") from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LIMIT:
            raise RunnerError(f"{_short(path)} is no regular file of at most {LIMIT // 1024 // 1024} MiB")
        return file.read().decode("utf-8-sig", "replace")


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def file_set_digest(files: Iterable[SavedFile]) -> str:
    """SHA-256 (hex) over paths, permission bits and contents: equal sets have equal digests."""
    whole = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.content).hexdigest()
        whole.update(f"{file.mode:o} {content} {file.path}\0".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def restore(directory: Path, files: Iterable[SavedFile]) -> None:
    """Write the files below `directory`, which exists, with the permission bits they had."""
    for file in files:
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)


def _files(root: Path) -> Iterable[Path]:
    for parent, _, names in os.walk(root):
        yield from (Path(parent, name) for name in names)
