"""The project of `runner run --ci`: the CI part of a checkout, as the one job that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from runner.errors import UsageError
from runner.external.finding import user_library
from runner.external.resolving import Library
from runner.integrations.sources import default_path, read_integrations
from runner.pipeline.ci.model import CiReading
from runner.pipeline.model import Job, Pipeline
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.reading import read_commit
from runner.service.ci.source import RUN_CI
from runner.service.git import Git, GitError
from runner.service.project import Project, with_checked_ci


def ci_project(
    directory: Path,
    environ: Mapping[str, str],
    integrations: Path | None,
    *,
    working_tree: bool,
    offline: bool = False,
) -> tuple[Path, Project]:
    """The top of the checkout, and the project: its file is that of the commit, or of the working tree. The file of
    `integrations`, else the usual one, is read where somebody is to be told with one of them. `offline`: nothing that
    its templates refer to is fetched.

    Raises UsageError where there is none."""
    library = user_library(offline=offline)
    return asyncio.run(_ci_project(directory, git_of(environ), integrations, library, working_tree=working_tree))


async def _ci_project(
    directory: Path, git: Git, integrations: Path | None, library: Library, *, working_tree: bool
) -> tuple[Path, Project]:
    try:
        commit = await commit_of(git, directory)
    except GitError as error:
        raise UsageError(
            f"--ci runs the CI part of a git checkout with a commit, and {directory} is none: {error}"
        ) from error
    found = await read_commit(git, commit, library, working_tree=working_tree)
    if found.undecodable:
        raise UsageError(f"{found.undecodable[0]} in {commit.top} is not UTF-8 text")
    reading = found.reading
    where = "the working tree" if working_tree else f"commit {commit.sha[:12]}"
    if reading.ci is None:
        problems = "".join(f"\n{problem}" for problem in reading.problems if reading.refused)
        raise UsageError(f"there is no CI part in shippable.yml of {where} in {commit.top}{problems}")
    job = Job(name=commit.job, type=RUN_CI, place=reading.ci.part.place)
    project = Project(
        pipeline=Pipeline(jobs={job.name: job}), sources=found.sources, ci=reading.ci, problems=found.of_the_text
    )
    return commit.top, _with_integrations(project, reading.ci, integrations or default_path(commit.top))


def _with_integrations(project: Project, ci: CiReading, path: Path | None) -> Project:
    if path is None or not ci.part.notifications:
        return replace(project, ci=with_checked_ci(ci, {}, path))
    found = read_integrations(path)
    return replace(
        project,
        integrations=found.integrations,
        integrations_file=path,
        problems=(*project.problems, *found.problems),
        ci=ci if found.refused else with_checked_ci(ci, found.integrations, path),
    )
