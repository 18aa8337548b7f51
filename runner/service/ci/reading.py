"""The CI part of a commit, or of the working tree of its checkout."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from runner.pipeline.model import Reading
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import CI_FILES, TEMPLATES
from runner.service.git import Git, GitError
from runner.workspace.ci import Commit

NAMES = (*sorted(CI_FILES, reverse=True), TEMPLATES)


@dataclass(frozen=True, slots=True)
class ReadCommit:
    """The files of the root and what they say; `undecodable` are those that are no text."""

    sources: tuple[SourceFile, ...]
    reading: Reading
    undecodable: tuple[str, ...] = ()


async def read_commit(git: Git, commit: Commit, *, working_tree: bool = False) -> ReadCommit:
    """Read the files of the root that a CI part may stand in, with their templates."""
    contents: Mapping[str, bytes | None] = {
        name: await _content(git, commit, name, working_tree=working_tree) for name in NAMES
    }
    sources, undecodable = [], []
    for name, content in contents.items():
        try:
            sources += [] if content is None else [SourceFile(name, content.decode("utf-8-sig"))]
        except UnicodeDecodeError:
            undecodable.append(name)
    return ReadCommit(tuple(sources), read(sources), tuple(undecodable))


async def _content(git: Git, commit: Commit, name: str, *, working_tree: bool) -> bytes | None:
    """None where there is no such file."""
    try:
        if working_tree:
            return await asyncio.to_thread((commit.top / name).read_bytes)
        return await git.run("cat-file", "blob", f"{commit.built}:{name}", directory=commit.top)
    except (GitError, OSError):
        return None
