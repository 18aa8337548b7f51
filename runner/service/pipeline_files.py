"""Where the files of a watched pipeline come from."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.pipeline.files import Found, discover
from runner.service.checkout import Checkout
from runner.service.git import Git, Remote
from runner.service.pipelines import Fetched
from runner.service.refs import head


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """All pipeline files in a directory, at any depth, or one file."""

    path: Path

    @property
    def told(self) -> str:
        return str(self.path)

    async def fetch(self) -> Fetched:
        found = await asyncio.to_thread(discover, [self.path])
        text = repr([(file.name, file.text) for file in found.files])
        revision = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return Fetched(revision=revision, found=found)


@dataclass(slots=True, kw_only=True)
class GitFiles:
    """The pipeline files of the newest commit of a branch; `branch` None: the one that the repository names. `name` is
    that of the pipeline, `directory` where the copy of the repository is kept."""

    name: str
    git: Git
    directory: Path
    remote: Remote
    branch: str | None = None
    _last: Fetched | None = field(default=None)

    @property
    def told(self) -> str:
        return f"{self.remote}{f' ({self.branch})' if self.branch else ''}"

    async def fetch(self) -> Fetched:
        """Raises GitError. One coroutine at a time."""
        branch = self.branch or (await head(self.git, self.remote)).branch
        checkout = Checkout(git=self.git, directory=self.directory, remote=self.remote, branch=branch)
        sha = await checkout.fetch()
        if self._last is None or self._last.revision != sha:
            with tempfile.TemporaryDirectory(prefix="pipeline-") as temporary:
                into = Path(temporary) / "files"
                await checkout.export(sha, into)
                found = await asyncio.to_thread(discover, [into])
            self._last = Fetched(revision=sha, found=_named(found, f"{into}/", f"{self.name}:"))
        return self._last


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
