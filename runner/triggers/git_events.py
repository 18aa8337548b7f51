"""What happens in repositories, whoever tells it: a provider's webhook, or a look at the repository itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    COMMIT = "commit"
    PULL_REQUEST = "pull_request"
    PULL_REQUEST_CLOSE = "pull_request_close"
    TAG = "tag"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as the provider names them; empty where it does not say."""

    login: str = ""
    email: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository at its provider. `provider` is the type of the integration that reaches it (`github` …), `full_name`
    is `org/name`. The addresses are empty where the provider does not say them."""

    provider: str
    full_name: str
    ssh_url: str = ""
    https_url: str = ""
    private: bool = False
    fork: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`base` is the branch it goes into, `head` the one it comes from, `head_repository` where that branch is."""

    number: int
    base: str
    head: str
    head_repository: str = ""
    from_fork: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """`published_at` is a time as the provider writes it (RFC 3339)."""

    name: str
    prerelease: bool = False
    published_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitEvent:
    """One event. `branch` is the pushed branch, of a pull request its base, of a tag or release empty.

    `sha` is the commit (7 to 64 hexadecimal digits: some providers cut it short); empty where only the tag is told, as
    with a release. `base_sha` is the commit before a push, or the tip of a pull request's base. `changed_files` is None
    where the provider does not tell all of them. `deleted`: the branch or tag is gone, `sha` is what it was.
    """

    kind: EventKind
    repository: Repository
    sha: str
    branch: str = ""
    base_sha: str = ""
    message: str = ""
    committer: Person = Person()
    author: Person = Person()
    tag: str = ""
    pull_request: PullRequest | None = None
    release: Release | None = None
    compare_url: str = ""
    commit_url: str = ""
    changed_files: tuple[str, ...] | None = None
    deleted: bool = False
