"""The CI part of a commit, or of the working tree of its checkout."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from runner.external.finding import refers
from runner.external.lock import LockError, parse_lock, read_lock
from runner.external.resolving import Library, Pins, resolve
from runner.pipeline.codes import Code
from runner.pipeline.files import Found, left_out
from runner.pipeline.model import Reading
from runner.pipeline.problems import Problem
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import CI_FILES, LOCK, TEMPLATES, every_ending, twin
from runner.service.git import Git, GitError
from runner.workspace.ci import Commit

NAMES = (*CI_FILES, *every_ending(TEMPLATES))
_OF_THE_TEXT = frozenset(
    {
        Code.NOT_YAML, Code.CONTROL_CHARACTER, Code.TOO_DEEP, Code.TOO_MANY_ALIASES, Code.UNKNOWN_TAG,
        Code.KEY_NOT_TEXT, Code.DUPLICATE_KEY, Code.WRONG_MERGE, Code.SECOND_DOCUMENT, Code.TOO_MANY_VALUES,
        Code.UNDEFINED_ALIAS, Code.ALIAS_IN_ITSELF, Code.WRONG_REFERENCE, Code.REFERENCE_NOT_HAD,
        Code.REFERENCE_CHANGED, Code.REFERENCE_NOT_KEPT, Code.WRONG_LOCK, Code.TWIN_FILE, Code.CI_NOT_COUNTED,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadCommit:
    """The files of the root and what they say; `undecodable` are those that are no text."""

    sources: tuple[SourceFile, ...]
    reading: Reading
    undecodable: tuple[str, ...] = ()

    @property
    def of_the_text(self) -> tuple[Problem, ...]:
        """The problems of whole files, which their CI parts have too; those of jobs and resources do not matter."""
        return tuple(problem for problem in self.reading.problems if problem.code in _OF_THE_TEXT)


async def read_commit(git: Git, commit: Commit, library: Library, *, working_tree: bool = False) -> ReadCommit:
    """Read the files of the root that a CI part may stand in, with their templates and what those refer to."""
    contents: Mapping[str, bytes | None] = {
        name: await _content(git, commit, name, working_tree=working_tree) for name in (*NAMES, LOCK)
    }
    counted = [name for name in NAMES if contents[name] is not None]
    files, undecodable = [], []
    for name in (name for name in NAMES if twin(name) not in counted):
        try:
            content = contents[name]
            files += [] if content is None else [SourceFile(name, content.decode("utf-8-sig"))]
        except UnicodeDecodeError:
            undecodable.append(name)
    twins = [left_out(name, twin(name)) for name in NAMES if contents[name] is not None and twin(name) in counted]
    found = Found(tuple(files), tuple(twins))
    if refers(found.files):
        found = await _with_references(found, commit, None if working_tree else contents[LOCK], library)
    return ReadCommit(found.files, read(found.files, found.problems), tuple(undecodable))


async def _with_references(found: Found, commit: Commit, committed: bytes | None, library: Library) -> Found:
    """The files with what they refer to: by the lock of the commit, then by that of the library, or of the checkout."""
    path = library.own or commit.top / LOCK
    try:
        fixed = parse_lock(path, committed.decode("utf-8", "replace")) if committed is not None else {}
        return (await resolve(found, library, Pins(path, read_lock(path), fixed))).found
    except LockError as error:
        return Found(found.files, (*found.problems, error.problem))


async def _content(git: Git, commit: Commit, name: str, *, working_tree: bool) -> bytes | None:
    """None where there is no such file."""
    try:
        if working_tree:
            return await asyncio.to_thread((commit.top / name).read_bytes)
        return await git.run("cat-file", "blob", f"{commit.built}:{name}", directory=commit.top)
    except (GitError, OSError):
        return None
