"""Which commit a CI build is of: what is checked out where the run was called, or what a gitRepo input is at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runner.errors import SetupError
from runner.external.resolving import Library
from runner.pipeline.ci.model import CiPart, CiReading
from runner.pipeline.plain import Json
from runner.pipeline.problems import Severity
from runner.service.ci.checkout import commit_of
from runner.service.ci.reading import read_commit
from runner.service.ci.source import CiSource
from runner.service.git import Git, GitError
from runner.service.repositories import Repositories, options_of
from runner.triggers.addresses import full_name
from runner.workspace.ci import Commit, PullRequest, Release, ci_job_of
from runner.workspace.dependency import Dependency
from runner.workspace.repository import GIT_REPO, is_clone


@dataclass(frozen=True, slots=True)
class Tested:
    """`by` is the input that the commit comes from; None: it is checked out where the run was called."""

    commit: Commit
    part: CiPart
    by: str | None = None


async def tested_here(git: Git, source: CiSource, job: str) -> Tested | None:
    """None where no checkout of the job's repository is. Raises SetupError where its CI part cannot be run."""
    if source.directory is None:
        return None
    try:
        commit = await commit_of(git, source.directory)
    except GitError:
        return None
    return Tested(commit, _part(source.reading, commit)) if commit.job == job else None


async def tested_input(
    git: Git,
    repositories: Repositories,
    job: str,
    dependencies: Sequence[Dependency],
    target: Path,
    library: Library,
) -> Tested:
    """Clone the input that is the job's repository into `target`, unless another process has done that, and read its CI
    part; `library` has what its templates refer to. Raises SetupError, GitError, OSError."""
    dependency = _input_of(job, dependencies)
    if not await asyncio.to_thread(target.exists):
        unfinished = target.with_suffix(".part")
        await asyncio.to_thread(unfinished.mkdir, parents=True)
        await repositories.bring(dependency, unfinished)
        await asyncio.to_thread(unfinished.rename, target)
    commit = await _commit(git, target, dependency)
    found = await read_commit(git, commit, library)
    if found.undecodable:
        raise SetupError(f"{found.undecodable[0]} of {dependency.name} is not UTF-8 text")
    if (broken := next((problem for problem in found.of_the_text if problem.severity.broken), None)) is not None:
        raise SetupError(f"the CI part of {dependency.name} cannot be read: {broken}")
    return Tested(commit, _part(found.reading.ci, commit, dependency.name), dependency.name)


def _input_of(job: str, dependencies: Sequence[Dependency]) -> Dependency:
    clones = [(each, _repository(each)) for each in dependencies if is_clone(each)]
    found = next((clone for clone, name in clones if ci_job_of(name) == job), None)
    if found is not None:
        return found
    repository = job.removesuffix("_runCI")
    if not clones:
        raise SetupError(
            f"{job} has no repository: it runs in a checkout of {repository}, or with a gitRepo of it as input"
        )
    others = ", ".join(f"{clone.name} ({name})" for clone, name in clones)
    raise SetupError(f"{job} is of the repository {repository}, which none of its gitRepo inputs is: {others}")


def _repository(dependency: Dependency) -> str:
    """The last part of its name; a syncRepo has one in what is known of its repository only."""
    facts = dependency.bag.get("normalizedRepo")
    known = str(facts.get("fullName") or "") if isinstance(facts, dict) else ""
    return full_name(options_of(dependency).source or known).rpartition("/")[2]


async def _commit(git: Git, checkout: Path, dependency: Dependency) -> Commit:
    """The commit with what the event of its version tells. A syncRepo has no events: what it is at by now may be a
    later commit than the one that was cloned."""
    data = dependency.bag["shaData"]
    head = await commit_of(git, checkout)
    sha = str(data.get("commitSha") or head.sha) if dependency.type == GIT_REPO else head.sha
    commit = head if sha == head.sha else await commit_of(git, checkout, sha)
    facts = dependency.bag.get("normalizedRepo")
    tag = str(data.get("gitTagName") or "")
    return replace(
        commit,
        sha=sha,
        head=head.sha,
        branch=str(data.get("branchName") or tag or sha),
        tag=tag or None,
        pull_request=_pull_request(data),
        release=_release(data),
        fork=isinstance(facts, dict) and facts.get("isFork") is True,
    )


def _pull_request(data: Json) -> PullRequest | None:
    number = data.get("pullRequestNumber")
    if data.get("isPullRequest") is not True or not isinstance(number, int):
        return None
    return PullRequest(
        number=number,
        base=str(data.get("baseCommitRef") or ""),
        head=str(data.get("headCommitRef") or ""),
        repository=str(data.get("pullRequestRepoFullName") or ""),
        from_fork=data.get("isForkedPullRequest") is not False,
    )


def _release(data: Json) -> Release | None:
    if data.get("isRelease") is not True:
        return None
    return Release(
        name=str(data.get("releaseName") or ""),
        published_at=str(data.get("releasedAt") or ""),
        prerelease=data.get("isPrerelease") is True,
    )


def _part(reading: CiReading | None, commit: Commit, name: str = "") -> CiPart:
    """Raises SetupError where there is none that can be run."""
    where = f"{name} at {commit.sha[:12]}" if name else str(commit.top)
    if reading is None:
        raise SetupError(f"there is no CI part: no shippable.yml in the root of {where} has one")
    if reading.refused:
        first = next(problem for problem in reading.problems if problem.severity is Severity.ERROR)
        raise SetupError(f"the CI part has problems ('runner validate' tells all): {first}")
    return reading.part
