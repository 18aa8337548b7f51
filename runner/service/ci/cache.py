"""The cache of a project: one archive for all branches, restored into each copy and renewed by each item that passes.

Directories outside of the copy need none: on a host of one's own they are there the next time too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from runner.pipeline.ci.model import Sections

ARCHIVE = "build.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """`directory` is the project's, `copy` the clone of one item; `paths` are what is kept, relative to it; `elsewhere`
    those that stay on the host by themselves. `place` is where the clone really is, links resolved, before a command of
    the build can have made others. `note` gets sentences for the log."""

    directory: Path
    copy: Path
    place: Path
    paths: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()

    @classmethod
    def of(cls, build: Sections, directory: Path, copy: Path, known: Mapping[str, str]) -> Cache:
        """What `cache` and `cache_dir_list` ask for; `known` are the variables that paths may name."""
        written = build.cache_dirs or (["."] if build.cache else [])
        inside: list[str] = []
        outside: list[str] = []
        for path in written:
            whole = os.path.normpath(copy / Template(path).safe_substitute(known))
            relative = os.path.relpath(whole, copy)
            if relative.startswith(".."):
                outside.append(whole)
            else:
                inside.append(relative)
        place = Path(os.path.realpath(copy))
        return cls(directory=directory, copy=copy, place=place, paths=tuple(inside), elsewhere=tuple(outside))

    async def restore(self, note: Callable[[str], None]) -> None:
        """Put what is kept into the copy; files of the commit stay as they are."""
        for path in self.elsewhere:
            note(f"cache: {path} is not in the build directory: it stays on this host as it is")
        if self.paths and self._archive.is_file():
            told = await _tar("-xf", str(self._archive), "-C", str(self.copy), "--skip-old-files")
            note(f"cache: not restored: {told}" if told else f"cache: restored from {self._archive}")

    async def save(self, note: Callable[[str], None]) -> None:
        """Keep it for the next build, whole or not at all. Raises OSError."""
        there = self._there()
        if not there:
            return
        with self._fresh() as fresh:
            told = await _tar("-cf", fresh, "-C", str(self.copy), "--exclude=./.git", "--", *there)
            if not told:
                os.replace(fresh, self._archive)
            note(f"cache: not saved: {told}" if told else f"cache: saved to {self._archive}")

    def _there(self) -> list[str]:
        """What is to be kept and is there: a link that a command has made leads nobody out of the clone, since what is
        read here may be more than the command could read."""
        if Path(os.path.realpath(self.copy)) != self.place:
            return []
        return [path for path in self.paths if os.path.lexists(self.copy / path) and self._is_inside(path)]

    def _is_inside(self, path: str) -> bool:
        return path == "." or Path(os.path.realpath((self.copy / path).parent)).is_relative_to(self.place)

    @contextlib.contextmanager
    def _fresh(self) -> Iterator[str]:
        """A file beside the archive that is gone afterwards, if it has not taken its place."""
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{ARCHIVE}.", dir=self.directory)
        os.close(descriptor)
        try:
            yield temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)

    @property
    def _archive(self) -> Path:
        return self.directory / ARCHIVE


def drop(directory: Path) -> bool:
    """Remove what is kept; whether there was something."""
    there = (directory / ARCHIVE).is_file()
    (directory / ARCHIVE).unlink(missing_ok=True)
    return there


async def _tar(*arguments: str) -> str:
    """What went wrong, or an empty text. A cache is no reason for a build to fail."""
    try:
        process = await asyncio.create_subprocess_exec("tar", *arguments, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    except OSError as error:
        return f"tar cannot start: {error.strerror}"
    try:
        _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return "" if process.returncode == 0 else (lines[0] if lines else f"tar ended with {process.returncode}")
