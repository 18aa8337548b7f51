"""Where the files of a watched pipeline come from."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.external.resolving import Library, resolve
from runner.pipeline.codes import Code
from runner.pipeline.files import Found, discover
from runner.service.checkout import Checkout
from runner.service.git import Git, Remote
from runner.service.pipelines import Fetched
from runner.service.refs import head


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """All pipeline files in a directory, at any depth, or one file; `library` has what their templates refer to."""

    path: Path
    library: Library

    @property
    def told(self) -> str:
        return str(self.path)

    async def fetch(self, *, update_references: bool = False) -> Fetched:
        found = await asyncio.to_thread(discover, [self.path])
        found = (await resolve(found, replace(self.library, update=update_references))).found
        text = repr([(file.name, file.text) for file in found.files])
        revision = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return Fetched(revision=revision, found=found)


@dataclass(slots=True, kw_only=True)
class GitFiles:
    """The pipeline files of the newest commit of a branch; `branch` None: the one that the repository names. `name` is
    that of the pipeline, `directory` where the copy of the repository is kept, `library` has what its templates refer
    to."""

    name: str
    git: Git
    directory: Path
    remote: Remote
    library: Library
    branch: str | None = None
    _last: Fetched | None = field(default=None)

    @property
    def told(self) -> str:
        return f"{self.remote}{f' ({self.branch})' if self.branch else ''}"

    async def fetch(self, *, update_references: bool = False) -> Fetched:
        """Raises GitError. One coroutine at a time."""
        branch = self.branch or (await head(self.git, self.remote)).branch
        checkout = Checkout(git=self.git, directory=self.directory, remote=self.remote, branch=branch)
        sha = await checkout.fetch()
        known = self._last is not None and self._last.revision == sha and not _lacks_references(self._last.found)
        if self._last is None or not known or update_references:
            with tempfile.TemporaryDirectory(prefix="pipeline-") as temporary:
                into = Path(temporary) / "files"
                await checkout.export(sha, into)
                found = await asyncio.to_thread(discover, [into])
                found = (await resolve(found, replace(self.library, update=update_references))).found
            self._last = Fetched(revision=sha, found=_named(found, f"{into}/", f"{self.name}:"))
        return self._last


def _lacks_references(found: Found) -> bool:
    """Whether another attempt may have what could not be had: nothing in the repository need change for that."""
    lost = (Code.REFERENCE_NOT_HAD, Code.REFERENCE_CHANGED, Code.WRONG_LOCK, Code.REFERENCE_NOT_KEPT)
    return any(problem.code in lost for problem in found.problems)


def _named(found: Found, prefix: str, name: str) -> Found:
    """The same files under names that people know: `shop:ci/shippable.yml`."""

    def renamed(text: str) -> str:
        return text.replace(prefix, name, 1) if text.startswith(prefix) else text.replace(prefix[:-1], name, 1)

    files = (
        replace(file, name=renamed(file.name), repository=name, unread_templates=renamed(file.unread_templates))
        for file in found.files
    )
    problems = (
        replace(problem, place=replace(problem.place, file=renamed(problem.place.file))) for problem in found.problems
    )
    return Found(tuple(files), tuple(problems))
