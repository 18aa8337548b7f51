"""Files that outlive a build: collected from a directory that scripts have written, put back into another one.

Whatever a script has made of its directories, nothing outside them is read: every part of a path is opened below the
one before it, without following links.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from runner.errors import RunnerError
from runner.workspace.versions import SavedFile

LIMIT = 64 * 1024 * 1024
"""Bytes that one set of saved files may hold (the platform named 1 MB and did not check it)."""
TEXT_LIMIT = 4 * 1024 * 1024
"""Bytes of a document or of a file of keys."""
NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def collect(root: Path, relative: str) -> tuple[SavedFile, ...]:
    """All regular files below `root/relative`, by path, with their permission bits; empty directories are lost.

    A link inside the directory to a file inside it is saved as that file; other links and special files are left
    out. Raises RunnerError where something cannot be read or they hold more than `LIMIT` bytes.
    """
    with opened(root, relative, os.O_DIRECTORY) as top:
        if top is None:
            return ()
        saved, room = [], LIMIT
        for path in sorted(_paths(top, relative)):
            content = _content(top, relative, path, room)
            if content is not None:
                mode, text = content
                room -= len(text)
                saved.append(SavedFile(path, mode, text))
        return tuple(saved)


def read_text(root: Path, relative: str) -> str | None:
    """A file that a script may have written, None where there is none. Raises RunnerError where it is no regular file
    or larger than `TEXT_LIMIT`."""
    with opened(root, relative) as descriptor:
        if descriptor is None:
            return None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > TEXT_LIMIT:
            raise RunnerError(f"{relative} is no regular file of at most {TEXT_LIMIT // 1024 // 1024} MiB")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(TEXT_LIMIT).decode("utf-8-sig", "replace")


@contextlib.contextmanager
def opened(root: Path, relative: str, flags: int = 0) -> Iterator[int | None]:
    """A descriptor of `root/relative`, no part of which is a link; None where it is not there. Raises RunnerError."""
    *above, last = relative.split("/")
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            for part in above:
                descriptor = os.open(part, NO_LINK | os.O_DIRECTORY, dir_fd=descriptor)
                stack.callback(os.close, descriptor)
            descriptor = os.open(last, NO_LINK | flags, dir_fd=descriptor)
            stack.callback(os.close, descriptor)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise RunnerError(f"{relative} cannot be read, a script has changed it: {error.strerror}") from error
        yield descriptor


def _paths(top: int, relative: str) -> Iterator[str]:
    """Every name below that is no directory, as a path from the top; links are not followed."""

    def refuse(error: OSError) -> None:
        raise RunnerError(f"{relative}/ cannot be saved: {error.strerror}: {error.filename}") from error

    base = f"/proc/self/fd/{top}"
    for parent, _, names in os.walk(base, onerror=refuse):
        for name in names:
            path = os.path.relpath(os.path.join(parent, name), base)
            if not _is_utf8(path):
                shown = os.fsencode(path).decode("utf-8", "replace")
                raise RunnerError(f"{relative}/{shown} cannot be saved: its name is not UTF-8")
            yield path


def _content(top: int, relative: str, path: str, room: int) -> tuple[int, bytes] | None:
    base = os.path.realpath(f"/proc/self/fd/{top}")
    try:
        real = os.path.realpath(os.path.join(base, path), strict=True)
        if not real.startswith(f"{base}/"):
            return None
        with opened(Path(base), real.removeprefix(f"{base}/")) as descriptor:
            if descriptor is None or not stat.S_ISREG((status := os.fstat(descriptor)).st_mode):
                return None
            with open(descriptor, "rb", closefd=False) as file:
                text = file.read(room + 1)
    except FileNotFoundError:  # a link to nothing
        return None
    except OSError as error:
        if os.path.islink(os.path.join(base, path)):
            return None
        raise RunnerError(f"{relative}/{path} cannot be saved: {error.strerror}") from error
    if len(text) > room:
        raise RunnerError(
            f"the files below {relative}/ hold more than {LIMIT // 1024 // 1024} MiB and cannot be saved: "
            "keep large files elsewhere and save a reference to them"
        )
    return stat.S_IMODE(status.st_mode), text


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def file_set_digest(files: Iterable[SavedFile]) -> str:
    """SHA-256 (hex) over paths, permission bits and contents: equal sets have equal digests."""
    whole = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.content).hexdigest()
        whole.update(f"{file.mode:o} {content} {file.path}\0".encode())
    return whole.hexdigest()


def restore(directory: Path, files: Iterable[SavedFile]) -> None:
    """Write the files below `directory`, which exists, with the permission bits they had."""
    for file in files:
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
