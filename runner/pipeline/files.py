"""Finds and reads the files of a pipeline. The one module of this room that touches files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.errors import UsageError
from runner.pipeline.reader import SourceFile
from runner.pipeline.sections import LEGACY, SUFFIX, TEMPLATES, is_pipeline_file, is_templates

MAX_BYTES = 20_000_000
"""A pipeline file is written by hand; anything larger is a mistake."""
SKIPPED = frozenset({".git", ".runner", ".venv", "node_modules"})
"""Directories that are not searched."""


def discover(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """Read these files, and all pipeline files in these directories at any depth.

    A file that is named is read whatever its name. Beside it, and in the root of a directory, shippable.templates.yml
    comes along. Raises `UsageError` with one sentence for each path that cannot be used.
    """
    found: dict[str, SourceFile] = {}
    mistakes: list[str] = []
    for path in paths:
        try:
            names = list(_expand(path))
        except UsageError as error:
            mistakes.append(str(error))
            continue
        for name, repository in names:
            try:
                found.setdefault(os.path.realpath(name), SourceFile(str(name), _text(name), repository))
            except UsageError as error:
                mistakes.append(str(error))
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return tuple(found.values())


def _expand(path: Path) -> Iterator[tuple[Path, str]]:
    """The files that a path stands for, each with its repository."""
    directory = _is_directory(path)
    root = path if directory else path.parent
    repository = os.path.realpath(root)
    files = sorted(_search(path)) if directory else [path]
    if directory and not files:
        raise UsageError(f"{path}: no pipeline file in this directory (looked for *{SUFFIX}, {', '.join(LEGACY)})")
    templates = root / TEMPLATES
    if templates.is_file() and not any(is_templates(file.name) for file in files):
        yield templates, repository
    for file in files:
        yield file, repository


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise UsageError(_sentence(path, error)) from None


def _search(root: Path) -> Iterator[Path]:
    """All pipeline files below; directories that cannot be read hold none of this user's."""
    try:
        os.listdir(root)
    except OSError as error:
        raise UsageError(_sentence(root, error)) from None
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED)
        for name in names:
            if is_pipeline_file(name):
                yield Path(directory, name)


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path}: is not a file")
        if status.st_size > MAX_BYTES:
            raise UsageError(
                f"{path}: is {status.st_size / 1e6:.0f} MB large; a pipeline file has at most {MAX_BYTES / 1e6:.0f} MB"
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(_sentence(path, error)) from None


def _sentence(path: Path, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"{path}: there is no such file or directory"
        case PermissionError():
            return f"{path}: cannot be read: you have no permission"
        case NotADirectoryError():
            return f"{path}: there is no such file: a part of the path is not a directory"
        case _:
            return f"{path}: cannot be read: {(error.strerror or str(error)).lower()}"
