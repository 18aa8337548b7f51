"""What lies in a state directory and belongs to no build or run any more: a crash came between a row and its files.

Files are listed before the store is asked: a row is always there before its files, so what is seen and not known has
lost its row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from runner.execution.identity import LOCK
from runner.store.locks import held
from runner.workspace.sizes import disk_usage


@dataclass(frozen=True, slots=True)
class Leftover:
    """The directory of a build, or the notes of a run; `id` is that of the build or the run."""

    id: int
    path: Path
    of_run: bool
    bytes: int = 0

    def measured(self) -> Leftover:
        return replace(self, bytes=disk_usage(self.path))


def build_places(directory: Path) -> list[Leftover]:
    """The directories of builds below `builds/` whose supervisor is gone."""
    return [found for found in _numbered(directory / "builds", "") if not is_supervised(found.path)]


def run_notes(directory: Path) -> list[Leftover]:
    """What the leaders of detached runs had to say."""
    return list(_numbered(directory / "runs", ".log"))


def is_supervised(place: Path) -> bool:
    """Whether a supervisor lives in the directory of a build."""
    try:
        return held(place / LOCK)
    except OSError:  # no lock file can be in it
        return False


def _numbered(directory: Path, ending: str) -> Iterator[Leftover]:
    if directory.is_dir():
        for path in directory.iterdir():
            name = path.name.removesuffix(ending)
            if path.name == name + ending and name.isascii() and name.isdigit():
                yield Leftover(int(name), path, of_run=bool(ending))
