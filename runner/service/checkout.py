"""The runner's own copy of a repository branch: a bare repository that holds the newest commits without history."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.pipeline.files import MAX_BYTES
from runner.pipeline.sections import LOCK, is_templates
from runner.service.git import Git, GitError, NoCommitError, Remote
from runner.service.refs import head
from runner.triggers.git_events import EventKind, GitEvent, Person, Repository
from runner.triggers.git_repo import is_pipeline_path

MOST_FILES = 1000
_FACTS = "%an%x00%ae%x00%cn%x00%ce%x00%B"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a commit; `size` in bytes."""

    mode: str
    object: str
    size: int
    path: str

    @property
    def wanted(self) -> bool:
        """A pipeline file, or the templates or their lock at the top. A forged tree may hold `..`."""
        safe = not {"", ".", "..", ".git"}.intersection(self.path.casefold().split("/"))
        at_top = "/" not in self.path and (is_templates(self.path) or self.path == LOCK)
        return self.mode.startswith("100") and safe and (at_top or is_pipeline_path(self.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """`directory` is its own, in the state directory; it may be removed at any time, then everything is fetched anew.

    One coroutine at a time may use it."""

    git: Git
    directory: Path
    remote: Remote
    branch: str

    async def fetch(self) -> str:
        """Bring the newest commit of the branch here and give it. What a killed fetch has left (locks, half a pack) is
        put right by starting anew. Raises GitError."""
        ref, existed = f"refs/heads/{self.branch}", (self.directory / "HEAD").exists()
        try:
            await self._fetch(ref)
            return await self._commit(ref)
        except GitError:
            await head(self.git, self.remote, self.branch)  # where that fails, the reason is there: the copy stays
            if not existed:
                raise
        await self.forget()
        await self._fetch(ref)
        return await self._commit(ref)

    async def fetch_tag(self, tag: str) -> str:
        """Bring a tag here and give its commit. Raises NoCommitError, and GitError: then the copy is gone, since it may
        be the reason."""
        ref = f"refs/tags/{tag}"
        try:
            await self._fetch(ref)
        except GitError:
            await self.forget()
            raise
        try:
            return await self._commit(ref)
        except GitError as error:
            raise NoCommitError(f"the tag {tag} of {self.remote} is of no commit") from error

    async def forget(self) -> None:
        """Remove the copy."""
        await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)

    async def export(self, sha: str, into: Path) -> tuple[str, ...]:
        """Write the pipeline files of a commit below `into`, which appears whole or not at all; gives their paths.

        Links are left out: a file of a repository must not lead out of it. `into` must not exist. Raises GitError."""
        try:
            entries = await self._pipeline_files(sha)
            contents = await self._contents(entries)
        except GitError:
            await self.forget()  # what cannot be read is fetched anew next time
            raise
        files = {entry.path: content for entry, content in zip(entries, contents, strict=True)}
        try:
            await asyncio.to_thread(_write, into, files)
        except OSError as error:
            raise GitError(
                f"the pipeline files of {self.remote} cannot be written to {into}: {error.strerror}"
            ) from error
        return tuple(files)

    async def changed_files(self, old: str, new: str) -> tuple[str, ...] | None:
        """The paths that differ between two commits; None where one of them cannot be had any more."""
        for sha in (old, new):
            if not await self._has(sha):
                try:
                    await self._bring(sha)
                except GitError:
                    return None
        output = await self._run("diff-tree", "-r", "--name-only", "--no-renames", "-z", "--end-of-options", old, new)
        return tuple(output.decode("utf-8", "replace").split("\0")[:-1])

    async def commit_facts(self, sha: str, repository: Repository, before: str = "") -> GitEvent:
        """The event that a push of this commit would have been. `before` is the commit that the branch had. Raises
        GitError."""
        output = await self._run("log", "-1", "--encoding=UTF-8", f"--format={_FACTS}", "--end-of-options", sha, "--")
        author, author_mail, committer, committer_mail, message = output.decode("utf-8", "replace").split("\0", 4)
        return GitEvent(
            kind=EventKind.COMMIT,
            repository=repository,
            sha=sha,
            branch=self.branch,
            base_sha=before,
            message=message.rstrip("\n"),
            committer=Person(email=committer_mail, display_name=committer),
            author=Person(email=author_mail, display_name=author),
            changed_files=await self.changed_files(before, sha) if before else None,
        )

    async def _fetch(self, ref: str) -> None:
        await asyncio.to_thread(self.directory.mkdir, parents=True, exist_ok=True)
        await self._run("init", "--quiet", "--bare", "--template=")
        await self._bring(f"+{ref}:{ref}")

    async def _commit(self, ref: str) -> str:
        return (await self._run("rev-parse", "--verify", f"{ref}^{{commit}}")).decode().strip()

    async def _bring(self, what: str) -> None:
        options = ("--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", "--no-recurse-submodules")
        await self.git.run("fetch", *options, "--", self.remote.url, what, directory=self.directory, remote=self.remote)

    async def _has(self, sha: str) -> bool:
        try:
            await self._run("cat-file", "-e", f"{sha}^{{commit}}")
        except GitError:
            return False
        return True

    async def _pipeline_files(self, sha: str) -> list[_Entry]:
        listing = await self._run("ls-tree", "-r", "-l", "-z", "--full-tree", sha)
        found = [_entry(line) for line in listing.decode("utf-8", "surrogateescape").split("\0")[:-1]]
        entries = [entry for entry in found if entry.wanted]
        large = next((entry for entry in entries if entry.size > MAX_BYTES), None)
        if large is not None:
            raise GitError(f"{large.path} of {self.remote} is too large: a pipeline file has at most {MAX_BYTES} bytes")
        if len(entries) > MOST_FILES:
            raise GitError(f"{self.remote} has {len(entries)} pipeline files: at most {MOST_FILES} are read")
        return entries

    async def _contents(self, entries: Sequence[_Entry]) -> list[bytes]:
        asked = "".join(f"{entry.object}\n" for entry in entries).encode()
        answer = await self._run("cat-file", "--batch", given=asked)
        contents, position = [], 0
        for entry in entries:
            begin = answer.index(b"\n", position) + 1  # behind one line that tells what follows
            contents.append(answer[begin : begin + entry.size])
            position = begin + entry.size + 1
        return contents

    async def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        return await self.git.run(*arguments, directory=self.directory, given=given)


def _entry(line: str) -> _Entry:
    facts, _, path = line.partition("\t")
    mode, _, name, size = facts.split()
    return _Entry(mode, name, int(size) if size.isdecimal() else 0, path)


def _write(into: Path, files: Mapping[str, bytes]) -> None:
    """All of them below a new directory."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=into.parent) as temporary:
        whole = Path(temporary, "whole")
        whole.mkdir()
        for path, content in files.items():
            place = whole / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        whole.rename(into)
