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
from dataclasses import dataclass
from pathlib import Path

from runner.errors import RunnerError
from runner.job_user import JobUser
from runner.workspace.versions import SavedFile

LIMIT = 64 * 1024 * 1024
"""Bytes that one set of saved files may hold where nothing else is said (the platform named 1 MB and did not check)."""
MOST = 1_000_000_000
"""Whatever is said: SQLite keeps no larger content."""
TEXT_LIMIT = 4 * 1024 * 1024
"""Bytes of a document or of a file of keys."""
DEEPEST = 100
"""How deep directories of saved files may be nested."""
NOT_YOURS = "it is another user's file, which the job's user may not read"
PERMISSIONS = 0o777
"""What is restored of a mode: nothing that is written again acts as another user."""
NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Tree:
    """A build directory that scripts have written. `user` ran them, if not this process's own user: what that could
    not read by itself is not read for it (a hard link leads anywhere on a disk)."""

    root: Path
    user: JobUser | None = None

    def is_readable(self, status: os.stat_result) -> bool:
        return self.user is None or self.user.may_read(uid=status.st_uid, gid=status.st_gid, mode=status.st_mode)


def collect(tree: Tree, relative: str, *, owner: str, limit: int = LIMIT) -> tuple[SavedFile, ...]:
    """All regular files below `relative`, by path, with their permission bits; empty directories are lost.

    A link inside the directory to a file inside it is saved as that file; other links and special files are left
    out. Raises RunnerError where something cannot be read, is not the job's to read, or lies deeper than `DEEPEST`, and
    where they hold more than `limit` bytes; `owner` is whose files they are, in words.
    """
    limit = min(limit, MOST)
    with opened(tree, relative, os.O_DIRECTORY) as top:
        if top is None:
            return ()
        saved, held = [], 0
        for path in sorted(_paths(top, relative)):
            content = _content(tree, top, relative, path, limit - held)
            if content is not None:
                mode, size, text = content
                held += size
                if held <= limit:
                    saved.append(SavedFile(path, mode, text))
        if held > limit:
            raise RunnerError(
                f"the files of {owner} (below {relative}/) hold {_size(held)} and cannot be saved, since the limit "
                f"savedFiles is {_size(limit)}: keep large files elsewhere and save a reference to them, or raise the "
                "limit ([jobs.limits] in the settings of a service, --limit of a local run)"
            )
        return tuple(saved)


def read_text(tree: Tree, relative: str) -> str | None:
    """A file that a script may have written, None where there is none. Raises RunnerError where it is no regular file,
    is not the job's to read, or is larger than `TEXT_LIMIT`."""
    with opened(tree, relative) as descriptor:
        if descriptor is None:
            return None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > TEXT_LIMIT:
            raise RunnerError(f"{relative} is no regular file of at most {TEXT_LIMIT // 1024 // 1024} MiB")
        if not tree.is_readable(status):
            raise RunnerError(f"{relative} cannot be read: {NOT_YOURS}")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(TEXT_LIMIT).decode("utf-8-sig", "replace")


@contextlib.contextmanager
def opened(tree: Tree, relative: str, flags: int = 0) -> Iterator[int | None]:
    """A descriptor of `relative`, no part of which is a link; None where it is not there. Raises RunnerError."""
    with contextlib.ExitStack() as stack:
        try:
            root = os.open(tree.root, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            stack.callback(os.close, root)
            descriptor = stack.enter_context(_below(root, relative, flags))
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise RunnerError(f"{relative} cannot be read, a script has changed it: {error.strerror}") from error
        yield descriptor


@contextlib.contextmanager
def _below(top: int, relative: str, flags: int = 0) -> Iterator[int]:
    """A descriptor of what lies below the open directory `top`, no part of the way being a link. Raises OSError."""
    *above, last = relative.split("/")
    with contextlib.ExitStack() as stack:
        for part in above:
            top = os.open(part, NO_LINK | os.O_DIRECTORY, dir_fd=top)
            stack.callback(os.close, top)
        descriptor = os.open(last, NO_LINK | flags, dir_fd=top)
        stack.callback(os.close, descriptor)
        yield descriptor


def _paths(top: int, relative: str) -> Iterator[str]:
    """Every name below that is no directory, as a path from the top; links are not followed."""
    waiting = ["."]
    while waiting:
        parent = waiting.pop()
        if parent.count("/") >= DEEPEST:
            raise RunnerError(f"{relative}/ cannot be saved: its directories are nested deeper than {DEEPEST}")
        for name, is_directory in _entries(top, parent, relative):
            path = f"{parent}/{name}".removeprefix("./")
            if is_directory:
                waiting.append(f"{parent}/{name}")
                continue
            if not _is_utf8(path):
                shown = os.fsencode(path).decode("utf-8", "replace")
                raise RunnerError(f"{relative}/{shown} cannot be saved: its name is not UTF-8")
            yield path


def _entries(top: int, parent: str, relative: str) -> list[tuple[str, bool]]:
    """The names in one directory, and whether they are directories themselves."""
    try:
        with _below(top, parent, os.O_DIRECTORY) as directory, os.scandir(directory) as entries:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError as error:
        raise RunnerError(f"{relative}/{parent.removeprefix('./')} cannot be saved: {error.strerror}") from error


def _size(number: int) -> str:
    return f"{number / 1024 / 1024:.1f} MiB" if number >= 1024 * 1024 else f"{number} bytes"


def _content(tree: Tree, top: int, relative: str, path: str, room: int) -> tuple[int, int, bytes] | None:
    """Permission bits, size and content of a file, None where it is none that is saved. The content of one that is
    larger than `room` is not read."""
    base = os.path.realpath(f"/proc/self/fd/{top}")
    try:
        real = os.path.realpath(os.path.join(base, path), strict=True)
        if not real.startswith(f"{base}/"):
            return None
        with _below(top, real.removeprefix(f"{base}/")) as descriptor:
            if not stat.S_ISREG((status := os.fstat(descriptor)).st_mode):
                return None
            if not tree.is_readable(status):
                raise RunnerError(f"{relative}/{path} cannot be saved: {NOT_YOURS}")
            text = b""
            if status.st_size <= room:
                with open(descriptor, "rb", closefd=False) as file:
                    text = file.read(room + 1)  # it may grow meanwhile
    except FileNotFoundError:  # a link to nothing
        return None
    except OSError as error:
        if os.path.islink(os.path.join(base, path)):
            return None
        raise RunnerError(f"{relative}/{path} cannot be saved: {error.strerror}") from error
    return stat.S_IMODE(status.st_mode), max(status.st_size, len(text)), text


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
    """Write the files below `directory`, which exists, with the permission bits they had, but none of those that let a
    file act as its owner: that is the runner here, whoever saved it."""
    for file in files:
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode & PERMISSIONS)
