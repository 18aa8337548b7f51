"""The project of `runner run --ci`: the CI part of a checkout, as the one job that runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from runner.errors import UsageError
from runner.integrations.sources import default_path, read_integrations
from runner.pipeline.model import Job, Pipeline
from runner.pipeline.reader import SourceFile, read
from runner.pipeline.sections import CI_FILES, TEMPLATES
from runner.service.ci.checkout import commit_of, git_of
from runner.service.ci.source import RUN_CI
from runner.service.git import Git, GitError
from runner.service.project import Project, with_checked_ci
from runner.workspace.ci import Commit


def ci_project(
    directory: Path, environ: Mapping[str, str], integrations: Path | None, *, working_tree: bool
) -> tuple[Path, Project]:
    """The top of the checkout, and the project: its file is that of the commit, or of the working tree. The file of
    `integrations`, else the usual one, is read where somebody is to be told with one of them.

    Raises UsageError where there is none."""
    return asyncio.run(_ci_project(directory, git_of(environ), integrations, working_tree=working_tree))


async def _ci_project(
    directory: Path, git: Git, integrations: Path | None, *, working_tree: bool
) -> tuple[Path, Project]:
    try:
        commit = await commit_of(git, directory)
    except GitError as error:
        raise UsageError(
            f"--ci runs the CI part of a git checkout with a commit, and {directory} is none: {error}"
        ) from error
    names = [*sorted(CI_FILES, reverse=True), TEMPLATES]
    texts = {name: await _text(git, commit, name, working_tree=working_tree) for name in names}
    sources = tuple(SourceFile(name, text) for name, text in texts.items() if text is not None)
    reading = read(sources)
    where = "the working tree" if working_tree else f"commit {commit.sha[:12]}"
    if reading.ci is None:
        problems = "".join(f"\n{problem}" for problem in reading.problems if reading.refused)
        raise UsageError(f"there is no CI part in shippable.yml of {where} in {commit.top}{problems}")
    job = Job(name=commit.job, type=RUN_CI, place=reading.ci.part.place)
    pipeline = Pipeline(jobs={job.name: job})
    path = integrations or default_path(commit.top)
    if path is None or not reading.ci.part.notifications:
        return commit.top, Project(pipeline=pipeline, sources=sources, ci=with_checked_ci(reading.ci, {}, path))
    found = read_integrations(path)
    project = Project(
        pipeline=pipeline,
        sources=sources,
        integrations=found.integrations,
        integrations_file=path,
        problems=found.problems,
        ci=reading.ci if found.refused else with_checked_ci(reading.ci, found.integrations, path),
    )
    return commit.top, project


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
