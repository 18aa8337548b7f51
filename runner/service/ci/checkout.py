"""The git checkout that a CI build is for: what it is, and a copy of it for each item."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.errors import SetupError
from runner.pipeline.ci.model import CiPart
from runner.service.cloning import HARMLESS, IDENTITY, parse_setting
from runner.service.git import Git, GitError, Remote
from runner.service.threads import finished
from runner.workspace.ci import Commit

_FACTS = "%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%B"


async def commit_of(git: Git, directory: Path, revision: str = "HEAD") -> Commit:
    """What is checked out there, or another commit of it. Raises GitError where that is no checkout with a commit."""

    async def ask(*arguments: str) -> str:
        return (await git.run(*arguments, directory=directory)).decode("utf-8", "surrogateescape").strip()

    async def ask_if_any(*arguments: str) -> str:
        with contextlib.suppress(GitError):
            return await ask(*arguments)
        return ""

    top = Path(await ask("rev-parse", "--show-toplevel"))
    facts = await ask("log", "-1", "--encoding=UTF-8", f"--format={_FACTS}", "--end-of-options", revision, "--")
    sha, parents, author, author_email, committer, committer_email, message = facts.split("\0", 6)
    branch = await ask_if_any("symbolic-ref", "--quiet", "--short", "HEAD")
    tag = "" if branch else (await ask_if_any("tag", "--points-at", "HEAD")).partition("\n")[0]
    status = await ask("status", "--porcelain", "--ignore-submodules=all")
    return Commit(
        top=top,
        sha=sha,
        parent=parents.partition(" ")[0],
        branch=branch or tag or sha,
        message=message.rstrip("\n"),
        author=author,
        committer=committer,
        author_email=author_email,
        committer_email=committer_email,
        tag=tag or None,
        url=await ask_if_any("remote", "get-url", "origin"),
        changed=len(status.splitlines()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A clone of the commit at `target`, with the files of the working tree where `working_tree` says so."""

    git: Git
    commit: Commit
    part: CiPart
    target: Path
    working_tree: bool

    async def make(self) -> None:
        """Raises GitError, SetupError, OSError."""
        settings = [parse_setting("gitConfig", entry) for entry in self.part.git_config]
        await self._clone()
        await self._set([*IDENTITY, *((key, value) for key, value in settings if key.lower() in HARMLESS)])
        if self.commit.url:
            await self._git("remote", "set-url", "origin", Remote.of(self.commit.url).url)
        where = (
            ("--detach",) if self.commit.branch in (self.commit.tag, self.commit.sha) else ("-B", self.commit.branch)
        )
        await self._git("checkout", "--quiet", "--force", *where, self.commit.built)
        if self.working_tree:
            await self._overlay()
        await self._set([(key, value) for key, value in settings if key.lower() not in HARMLESS])
        if self.part.submodules and (self.target / ".gitmodules").is_file():
            await self._bring_submodules()

    async def _clone(self) -> None:
        await asyncio.to_thread(self.target.parent.mkdir, parents=True, exist_ok=True)
        depth = self.part.depth
        source = str(self.commit.top) if depth is None else self.commit.top.as_uri()
        shallow = () if depth is None else (f"--depth={depth}", "--no-single-branch")
        await self.git.run("clone", "--quiet", "--no-checkout", "--template=", *shallow, "--", source, str(self.target))

    async def _overlay(self) -> None:
        """Make the files those of the working tree: what git does not ignore."""
        top = self.commit.top
        names = await self.git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", directory=top)
        gone = await self.git.run("ls-files", "-z", "--deleted", directory=top)
        await finished(lambda: _lay_over(top, self.target, _names(names), _names(gone)))

    async def _bring_submodules(self) -> None:
        try:
            await self._git("submodule", "--quiet", "update", "--init", "--recursive")
        except GitError as error:
            raise SetupError(
                f"the submodules cannot be cloned ('git: {{submodules: false}}' leaves them): {error}"
            ) from error

    async def _set(self, settings: list[tuple[str, str]]) -> None:
        for key, value in settings:
            await self._git("config", "--local", key, value)

    async def _git(self, *arguments: str) -> None:
        await self.git.run(*arguments, directory=self.target)


def _names(listing: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listing.split(b"\0")[:-1]]


def _lay_over(top: Path, target: Path, names: list[str], gone: list[str]) -> None:
    for name in gone:
        (target / name).unlink(missing_ok=True)
    for name in names:
        source, copy = top / name, target / name
        if source.is_dir() and not source.is_symlink():  # a submodule
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # it is among those that are gone
            shutil.copy2(source, copy, follow_symlinks=False)


def place_of(commit: Commit, root: Path) -> Path:
    """Where the clone stands in a build directory: as below a GOPATH, where the address says what that is."""
    parts = [commit.host, *commit.full_name.split("/")] if commit.host else [commit.repository]
    safe = [part for part in parts if part and part not in (".", "..")]
    return root.joinpath("src", *(safe or ["repository"]))


def git_of(base: Mapping[str, str]) -> Git:
    return Git(environment=base)
