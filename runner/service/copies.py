"""The runner's own copies of the repositories that resources follow: what their commits say and change."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.service.checkout import Checkout
from runner.service.git import Git, GitError, Remote
from runner.triggers.git_events import EventKind, GitEvent, Repository


@dataclass(frozen=True, slots=True)
class Copies:
    """One below `directory` for each repository; each may be removed at any time. Whoever asks waits for those who
    asked before for the same one."""

    git: Git
    directory: Path
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def commit(self, remote: Remote, repository: Repository, branch: str, before: str = "") -> GitEvent:
        """The newest commit of a branch, as a push would have told it; `before` is what the branch was at. Raises
        GitError."""
        async with self._copy(remote, branch) as copy:
            return await copy.commit_facts(await copy.fetch(), repository, before)

    async def tag(self, remote: Remote, repository: Repository, tag: str, before: str = "") -> GitEvent:
        """A tag, as its push would have told it. Raises NoCommitError, GitError."""
        async with self._copy(remote, "") as copy:
            event = await copy.commit_facts(await copy.fetch_tag(tag), repository)
            return replace(event, kind=EventKind.TAG, tag=tag, base_sha=before)

    async def changed_files(self, remote: Remote, branch: str, before: str, sha: str) -> tuple[str, ...] | None:
        """What a push to a branch has changed; None where its commits cannot be had any more. Raises GitError."""
        async with self._copy(remote, branch) as copy:
            await copy.fetch()
            return await copy.changed_files(before, sha)

    async def keep_only(self, remotes: Collection[Remote]) -> None:
        """Remove the copies of repositories that nothing follows any more."""
        kept = {_name(remote) for remote in remotes}
        for path in await asyncio.to_thread(self._unknown, kept):
            async with self._lock(path.name):
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    @asynccontextmanager
    async def _copy(self, remote: Remote, branch: str) -> AsyncIterator[Checkout]:
        name = _name(remote)
        async with self._lock(name):
            try:
                await asyncio.to_thread(self.directory.mkdir, 0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise GitError(f"{self.directory} cannot be made for {remote}: {error.strerror}") from error
            yield Checkout(git=self.git, directory=self.directory / name, remote=remote, branch=branch)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _unknown(self, kept: Collection[str]) -> list[Path]:
        return [path for path in self.directory.iterdir() if path.name not in kept] if self.directory.is_dir() else []


def _name(remote: Remote) -> str:
    return hashlib.sha256(remote.url.encode("utf-8", "surrogateescape")).hexdigest()[:32]
