"""Resources and events as the tests need them."""

from __future__ import annotations

from runner.pipeline.model import Data, Resource
from runner.pipeline.problems import Place
from runner.triggers.git_events import EventKind, GitEvent, Person, PullRequest, Release, Repository
from runner.triggers.git_repo import GitRepo

SHA = "1f" * 20
BEFORE = "2e" * 20
HERE = Repository(
    provider="github",
    full_name="Acme/Shop",
    ssh_url="git@github.com:Acme/Shop.git",
    https_url="https://github.com/Acme/Shop.git",
)


def resource(type_: str = "gitRepo", /, **content: Data) -> Resource:
    return Resource(name="shop", type=type_, place=Place("shippable.yml"), property_bag=content)


def options(**content: Data) -> GitRepo:
    return GitRepo.of(resource("gitRepo", **{"sourceName": "acme/shop", **content}))


COMMIT = GitEvent(
    kind=EventKind.COMMIT,
    repository=HERE,
    sha=SHA,
    branch="main",
    base_sha=BEFORE,
    message="Sell pears",
    committer=Person(login="kim", email="kim@acme.test", display_name="Kim Lee"),
    author=Person(login="ada", display_name="Ada"),
    compare_url="https://github.com/Acme/Shop/compare/x",
    changed_files=("src/pears.py",),
)
PULL_REQUEST = GitEvent(
    kind=EventKind.PULL_REQUEST,
    repository=HERE,
    sha=SHA,
    branch="main",
    message="Sell plums",
    pull_request=PullRequest(number=7, base="main", head="plums", head_repository="kim/shop", from_fork=True),
)
CLOSED = GitEvent(
    kind=EventKind.PULL_REQUEST_CLOSE,
    repository=HERE,
    sha=SHA,
    branch="main",
    pull_request=PullRequest(number=7, base="main", head="plums"),
)
TAG = GitEvent(kind=EventKind.TAG, repository=HERE, sha=SHA, tag="v1.2")
RELEASE = GitEvent(
    kind=EventKind.RELEASE,
    repository=HERE,
    sha="",
    tag="v1.2",
    release=Release(name="Autumn", prerelease=True, published_at="2026-03-02T12:00:00Z"),
)
