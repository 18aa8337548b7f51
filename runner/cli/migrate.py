"""`runner migrate`"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.errors import RunnerError, UsageError

if TYPE_CHECKING:
    from runner.pipeline.reader import SourceFile


@click.command("migrate")
@options.paths
@options.offline
@click.option("--diff", is_flag=True, help="Print what would change as a unified diff; the default.")
@click.option("--write", is_flag=True, help="Change the files.")
def command(paths: tuple[Path, ...], *, diff: bool, write: bool, offline: bool) -> None:
    """Rewrite older syntax into the new one; comments, order, quotes and anchors are kept.

    The pipeline means the same afterwards. What could mean something else is left as it is and named. A service takes
    a resource that is written in the new syntax as changed once: it makes a version of it with the content of the file,
    and where it is a trigger, its jobs start.
    """
    from runner.migration.migrate import migrate

    if diff and write:
        raise UsageError("--diff shows what --write would change: give one of them")
    files = _read(paths or (Path(),), offline=offline)
    found = migrate(files)
    for left in found.left:
        click.echo(str(left), err=True)
    if write:
        for name, text in found.texts.items():
            _write(Path(name), text)
        click.echo("".join(f"rewritten: {name}\n" for name in found.texts) or "nothing to rewrite\n", nl=False)
    else:
        click.echo("".join(_differences(files, found.texts)), nl=False)


def _read(paths: Sequence[Path], *, offline: bool) -> Sequence[SourceFile]:
    """The files of a pipeline that is read without errors. Raises UsageError."""
    from runner.external.finding import find
    from runner.pipeline.problems import Severity
    from runner.pipeline.reader import read

    found = find(paths, offline=offline)
    reading = read(found.files, found.problems)
    if reading.refused:
        for problem in reading.problems:
            if problem.severity is Severity.ERROR:
                click.echo(str(problem), err=True)
        raise UsageError("the file has the problems above: mend them first; nothing was rewritten")
    return found.files


def _differences(files: Sequence[SourceFile], texts: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for file in files:
        if file.name in texts:
            old, new = (text.splitlines(keepends=True) for text in (file.text, texts[file.name]))
            found = difflib.unified_diff(old, new, f"a/{file.name}", f"b/{file.name}")
            lines += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)
    return lines


def _write(path: Path, text: str) -> None:
    """Put the new text in the place of the old one at once, with its mode; a link stays one. Raises RunnerError."""
    place = path.resolve()
    try:
        mode = place.stat().st_mode
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=place.parent, delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, mode & 0o7777)
        os.replace(file.name, place)
    except OSError as error:
        raise RunnerError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
