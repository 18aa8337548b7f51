"""The version of a `gitRepo` that an event makes; `shaData` has the names that scripts of the platform read."""

from __future__ import annotations

from collections.abc import Mapping

from runner.pipeline.plain import Json
from runner.triggers.git_events import EventKind, GitEvent, Person, Repository

LONGEST_MESSAGE = 16_384
"""Characters of a commit message that are kept: it becomes a variable, and Linux takes 128 KiB for each."""


def version_of(event: GitEvent, content: Mapping[str, Json] | None = None) -> tuple[str, dict[str, Json]]:
    """Name and property bag. `content` is what the file says of the resource; the name is the commit, or the tag of an
    event that tells no commit."""
    bag = {
        **(content or {}),
        "shaData": _clean(sha_data(event)),
        "normalizedRepo": _clean(normalized(event.repository)),
    }
    return event.sha or event.tag, bag


def sha_data(event: GitEvent) -> dict[str, Json]:
    """What scripts read of the commit."""
    request, release = event.pull_request, event.release
    return {
        "commitSha": event.sha,
        "beforeCommitSha": event.base_sha,
        "branchName": event.branch,
        "commitMessage": event.message[:LONGEST_MESSAGE],
        "commitUrl": event.commit_url,
        "compareUrl": event.compare_url,
        "committer": _person(event.committer),
        "lastAuthor": _person(event.author),
        "isPullRequest": event.kind is EventKind.PULL_REQUEST,
        "isPullRequestClose": event.kind is EventKind.PULL_REQUEST_CLOSE,
        "pullRequestNumber": request.number if request else None,
        "pullRequestBaseBranch": request.base if request else "",
        "pullRequestRepoFullName": request.head_repository if request else "",
        "baseCommitRef": request.base if request else "",
        "headCommitRef": request.head if request else "",
        "isForkedPullRequest": bool(request and request.from_fork),
        "isGitTag": event.kind is EventKind.TAG,
        "gitTagName": event.tag,
        "isRelease": event.kind is EventKind.RELEASE,
        "releaseName": release.name if release else "",
        "releasedAt": release.published_at if release else "",
        "isPrerelease": bool(release and release.prerelease),
    }


def normalized(repository: Repository) -> dict[str, Json]:
    """The facts about the repository, under the platform's names."""
    return {
        "repositoryProvider": repository.provider,
        "fullName": repository.full_name,
        "repositorySshUrl": repository.ssh_url,
        "repositoryHttpsUrl": repository.https_url,
        "isPrivateRepository": repository.private,
        "isFork": repository.fork,
    }


def _person(person: Person) -> dict[str, Json]:
    return {"login": person.login, "email": person.email, "displayName": person.display_name or person.login}


def _clean(value: Json) -> Json:
    """No NUL: a variable cannot hold one."""
    match value:
        case dict():
            return {key: _clean(inner) for key, inner in value.items()}
        case str():
            return value.replace("\0", "")
        case _:
            return value
