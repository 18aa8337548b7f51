"""Writing saved files where a person wants them. Wherever they come from, nothing outside the directory is written, and
nothing in it is replaced unawares."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from runner.errors import RunnerError, UsageError
from runner.workspace.saved_files import PERMISSIONS

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(directory: Path, files: Sequence[tuple[str, int]], content: Callable[[str], bytes], *, force: bool) -> None:
    """Write each file (path from the top, permission bits) below `directory`, which is made. `force`: files that are
    there are replaced. Raises UsageError before anything is written where one is there already or a path leads out;
    RunnerError where something cannot be written."""
    for path, _ in files:
        _refuse_outside(path)
    if not force:
        for path, _ in files:
            if os.path.lexists(directory / path):
                raise UsageError(f"{directory / path} is there already: --force replaces it")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, mode in files:
            _write(directory, path, mode & PERMISSIONS, content(path))
    except OSError as error:
        raise RunnerError(f"{error.filename or directory} cannot be written: {error.strerror}") from error


def _refuse_outside(path: str) -> None:
    if path.startswith("/") or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise UsageError(f"{path!r} is no path of a saved file: nothing was written")


def _write(directory: Path, path: str, mode: int, content: bytes) -> None:
    *above, name = path.split("/")
    with _directory(directory, above) as parent:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent
        )
        with open(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(descriptor, mode)


@contextlib.contextmanager
def _directory(top: Path, parts: Sequence[str]) -> Iterator[int]:
    """A descriptor of the directory below `top`, made where it is missing; no part of the way below is a link."""
    with contextlib.ExitStack() as stack:
        current = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, current)
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=current)
            current = os.open(part, DIRECTORY, dir_fd=current)
            stack.callback(os.close, current)
        yield current
