"""Finds and reads the files of a pipeline. The one module of this room that touches files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.pipeline.codes import Code
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.reader import SourceFile
from runner.pipeline.sections import LEGACY, SUFFIX, TEMPLATES, every_ending, is_pipeline_file, is_templates, twin

MAX_BYTES = 10_000_000
"""Ten thousand jobs fit; anything larger is a mistake."""
SKIPPED = frozenset({".git", ".runner", ".venv", "node_modules"})
"""Directories that are not searched."""


@dataclass(frozen=True, slots=True)
class Found:
    """The files that could be read, and one problem for each path that could not."""

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()


def discover(paths: Sequence[Path]) -> Found:
    """Read these files, and all pipeline files in these directories at any depth.

    A file that is named is read whatever its name. Beside it, and in the root of a directory, shippable.templates.yml
    comes along. Of two files in a directory that differ in `.yml` and `.yaml` only, the second is left out.
    """
    found: dict[str, SourceFile] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            names = list(_expand(path))
        except _UnreadableError as error:
            problems.append(error.problem)
            continue
        for name, root in names:
            if path != name and (counts := _twin(name)):
                problems.append(left_out(str(name), counts))
                continue
            try:
                file = SourceFile(
                    str(name),
                    _text(name),
                    os.path.realpath(root),
                    _unread_templates(name, root),
                    in_root=name.parent == root,
                )
                found.setdefault(os.path.realpath(name), file)
            except _UnreadableError as error:
                problems.append(error.problem)
    return Found(tuple(found.values()), tuple(problems))


class _UnreadableError(Exception):
    """A path that cannot be used, as a problem of the pipeline."""

    def __init__(self, code: Code, path: Path, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.problem = Problem(code=code, place=Place(str(path), line), severity=Severity.ERROR, message=message)


def _expand(path: Path) -> Iterator[tuple[Path, Path]]:
    """The files that a path stands for, each with the root of its repository."""
    directory = _is_directory(path)
    root = path if directory else path.parent
    files = sorted(_search(path)) if directory else [path]
    if directory and not files:
        looked_for = f"*{SUFFIX}, {', '.join(LEGACY)}, or the same with .yaml"
        raise _UnreadableError(
            Code.NO_PIPELINE_FILE, path, f"no pipeline file in this directory (looked for {looked_for})"
        )
    if not any(is_templates(file.name) for file in files):
        for templates in map(root.joinpath, every_ending(TEMPLATES)):
            if os.path.isfile(templates):
                yield templates, root
    for file in files:
        yield file, root


def _unread_templates(file: Path, root: Path) -> str:
    """The templates file that stands beside a file of a directory below the root, where nobody reads it."""
    if file.parent == root:
        return ""
    beside = (file.parent / name for name in every_ending(TEMPLATES))
    return next((str(path) for path in beside if os.path.isfile(path)), "")


def _twin(file: Path) -> str:
    """The name of the file beside this one that counts in its place, if there is one."""
    other = twin(file.name)
    return other if other and os.path.isfile(file.with_name(other)) else ""


def left_out(name: str, counts: str) -> Problem:
    """The warning about a file in whose place another one counts."""
    return Problem(
        code=Code.TWIN_FILE,
        place=Place(name),
        severity=Severity.WARNING,
        message=f"this file is not read: {counts} beside it counts",
        hint="remove one of the two, or give it another name",
    )


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise _UnreadableError(Code.UNREADABLE, path, _sentence(error)) from None


def _search(root: Path) -> Iterator[Path]:
    """All pipeline files below; directories that cannot be read hold none of this user's."""
    try:
        os.listdir(root)
    except OSError as error:
        raise _UnreadableError(Code.UNREADABLE, root, _sentence(error)) from None
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED)
        for name in names:
            if is_pipeline_file(name):
                yield Path(directory, name)


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _UnreadableError(Code.UNREADABLE, path, "is not a file")
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / 1e6:.0f} MB"
            raise _UnreadableError(
                Code.TOO_LARGE, path, f"is {size} large; a pipeline file has at most {MAX_BYTES / 1e6:.0f} MB"
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _UnreadableError(Code.NOT_TEXT, path, "is not UTF-8 text", line) from None
    except OSError as error:
        raise _UnreadableError(Code.UNREADABLE, path, _sentence(error)) from None


def _sentence(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file or directory"
        case PermissionError():
            return "cannot be read: you have no permission"
        case NotADirectoryError():
            return "there is no such file: a part of the path is not a directory"
        case _:
            return f"cannot be read: {(error.strerror or str(error)).lower()}"
