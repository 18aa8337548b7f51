"""The project of `runner run --ci`: the CI part of a checkout, as the one job that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError
from runner.external.finding import refers, user_library
from runner.pipeline.codes import Code
from runner.pipeline.files import Found, left_out
from runner.pipeline.model import Job, Pipeline
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import CI_FILES, LOCK, TEMPLATES, every_ending, twin
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.source import RUN_CI
from runner.service.git import Git, GitError
from runner.service.project import Project
from runner.workspace.ci import Commit

_NAMES = (*CI_FILES, *every_ending(TEMPLATES))
_OF_THE_TEXT = frozenset(
    {
        Code.NOT_YAML, Code.CONTROL_CHARACTER, Code.TOO_DEEP, Code.TOO_MANY_ALIASES, Code.UNKNOWN_TAG,
        Code.KEY_NOT_TEXT, Code.DUPLICATE_KEY, Code.WRONG_MERGE, Code.SECOND_DOCUMENT, Code.UNDEFINED_ALIAS,
        Code.ALIAS_IN_ITSELF, Code.WRONG_REFERENCE, Code.REFERENCE_NOT_HAD, Code.REFERENCE_CHANGED, Code.WRONG_LOCK,
        Code.REFERENCE_NOT_KEPT, Code.TWIN_FILE,
    }
)  # fmt: skip
"""Problems of whole files, which may concern their CI part; those of jobs and resources do not."""


def ci_project(
    directory: Path, environ: Mapping[str, str], *, working_tree: bool, offline: bool = False
) -> tuple[Path, Project]:
    """The top of the checkout, and the project: its file is that of the commit, or of the working tree.

    Raises UsageError where there is none."""
    return asyncio.run(_ci_project(directory, git_of(environ), working_tree=working_tree, offline=offline))


async def _ci_project(directory: Path, git: Git, *, working_tree: bool, offline: bool) -> tuple[Path, Project]:
    try:
        commit = await commit_of(git, directory)
    except GitError as error:
        raise UsageError(
            f"--ci runs the CI part of a git checkout with a commit, and {directory} is none: {error}"
        ) from error
    texts = {name: await _text(git, commit, name, working_tree=working_tree) for name in (*_NAMES, LOCK)}
    found = _found({name: text for name, text in texts.items() if text is not None and name != LOCK})
    if refers(found.files):
        lock = None if working_tree else texts[LOCK]
        found = await _with_references(found, commit.top / LOCK, lock, offline=offline)
    reading = read(found.files, found.problems)
    where = "the working tree" if working_tree else f"commit {commit.sha[:12]}"
    if reading.ci is None:
        told = "".join(f"\n{problem}" for problem in reading.problems if reading.refused)
        raise UsageError(f"there is no CI part in shippable.yml of {where} in {commit.top}{told}")
    job = Job(name=commit.job, type=RUN_CI, place=reading.ci.part.place)
    problems = tuple(problem for problem in reading.problems if problem.code in _OF_THE_TEXT)
    pipeline = Pipeline(jobs={job.name: job})
    return commit.top, Project(pipeline=pipeline, sources=found.files, ci=reading.ci, problems=problems)


def _found(texts: Mapping[str, str]) -> Found:
    """The files that count, and a word about those that do not."""
    twins = {name: other for name in texts if (other := twin(name)) in texts}
    return Found(
        tuple(SourceFile(name, text) for name, text in texts.items() if name not in twins),
        tuple(left_out(name, counts) for name, counts in twins.items()),
    )


async def _with_references(found: Found, path: Path, committed: str | None, *, offline: bool) -> Found:
    """The files with what they refer to: by the lock of the commit, else by that at `path`, where new pins go."""
    from runner.external.lock import LockError, parse_lock, read_lock
    from runner.external.resolving import Pins, resolve

    try:
        pins = Pins(path, read_lock(path), parse_lock(path, committed) if committed is not None else {})
        return (await resolve(found, user_library(offline=offline), pins)).found
    except LockError as error:
        return Found(found.files, (*found.problems, error.problem))


async def _text(git: Git, commit: Commit, name: str, *, working_tree: bool) -> str | None:
    """A file of the root; None where there is none. Raises UsageError where it is no text."""
    try:
        if working_tree:
            content = await asyncio.to_thread((commit.top / name).read_bytes)
        else:
            content = await git.run("cat-file", "blob", f"{commit.sha}:{name}", directory=commit.top)
    except (GitError, OSError):
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} in {commit.top} is not UTF-8 text") from error
