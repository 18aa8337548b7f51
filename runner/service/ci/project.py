"""The project of `runner run --ci`: the CI part of a checkout, as the one job that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError
from runner.pipeline.model import Job, Pipeline
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.reading import read_commit
from runner.service.ci.source import RUN_CI
from runner.service.git import Git, GitError
from runner.service.project import Project


def ci_project(directory: Path, environ: Mapping[str, str], *, working_tree: bool) -> tuple[Path, Project]:
    """The top of the checkout, and the project: its file is that of the commit, or of the working tree.

    Raises UsageError where there is none."""
    return asyncio.run(_ci_project(directory, git_of(environ), working_tree=working_tree))


async def _ci_project(directory: Path, git: Git, *, working_tree: bool) -> tuple[Path, Project]:
    try:
        commit = await commit_of(git, directory)
    except GitError as error:
        raise UsageError(
            f"--ci runs the CI part of a git checkout with a commit, and {directory} is none: {error}"
        ) from error
    found = await read_commit(git, commit, working_tree=working_tree)
    if found.undecodable:
        raise UsageError(f"{found.undecodable[0]} in {commit.top} is not UTF-8 text")
    reading = found.reading
    where = "the working tree" if working_tree else f"commit {commit.sha[:12]}"
    if reading.ci is None:
        problems = "".join(f"\n{problem}" for problem in reading.problems if reading.refused)
        raise UsageError(f"there is no CI part in shippable.yml of {where} in {commit.top}{problems}")
    job = Job(name=commit.job, type=RUN_CI, place=reading.ci.part.place)
    return commit.top, Project(pipeline=Pipeline(jobs={job.name: job}), sources=found.sources, ci=reading.ci)
