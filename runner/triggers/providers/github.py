"""GitHub and what speaks like it (GitHub Enterprise, Gitea, Forgejo): push, pull_request, release, ping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import Delivery, by_name, commit_id, is_nothing, json_or_form, typed
from runner.triggers.git_events import EventKind, GitEvent, Person, PullRequest, Release, Repository
from runner.triggers.providers.author import Author

NAME = "github"
OPENED = frozenset({"opened", "reopened", "synchronize"})
MOST_COMMITS = 2048
"""How many commits of a push GitHub tells of."""


class _Owner(Struct):
    login: str = ""


class _Repository(Struct):
    full_name: str
    ssh_url: str | None = ""
    clone_url: str | None = ""
    private: bool = False
    fork: bool = False

    def repository(self) -> Repository:
        return Repository(
            provider=NAME,
            full_name=self.full_name,
            ssh_url=self.ssh_url or "",
            https_url=self.clone_url or "",
            private=self.private,
            fork=self.fork,
        )


class _Commit(Struct):
    id: str
    message: str | None = ""
    url: str | None = ""
    author: Author = field(default_factory=Author)
    committer: Author = field(default_factory=Author)
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None

    def paths(self) -> list[str] | None:
        """What it touches; None where it does not say all of it."""
        lists = (self.added, self.modified, self.removed)
        return None if None in lists else [path for paths in lists for path in paths or ()]


class _Push(Struct):
    ref: str
    before: str
    after: str
    repository: _Repository
    forced: bool = False
    compare: str | None = ""
    commits: list[_Commit] = field(default_factory=list)
    head_commit: _Commit | None = None


class _End(Struct):
    """One end of a pull request; its repository may be gone."""

    ref: str
    sha: str
    repo: _Repository | None = None


class _Pull(Struct):
    head: _End
    base: _End
    title: str | None = ""
    html_url: str | None = ""
    merged: bool | None = False
    merge_commit_sha: str | None = None
    user: _Owner | None = None


class _PullRequest(Struct):
    action: str
    number: int
    pull_request: _Pull
    repository: _Repository
    sender: _Owner = field(default_factory=_Owner)


class _Published(Struct):
    tag_name: str
    name: str | None = ""
    prerelease: bool = False
    published_at: str | None = ""
    html_url: str | None = ""
    author: _Owner | None = None


class _Release(Struct):
    action: str
    release: _Published
    repository: _Repository


def read(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
    named = by_name(headers)
    proofs.check_signature(named.get("x-hub-signature-256", ""), body, secret)
    payload = json_or_form(named, body)
    event = named.get("x-github-event", "")
    events, note = _events(event, payload)
    return Delivery(
        id=named.get("x-github-delivery", ""),
        events=events,
        payload=payload,
        note=note,
        replay_key=f"{NAME}:{proofs.digest(body)}",  # the id of the delivery is not signed
    )


def _events(event: str, payload: Json) -> tuple[tuple[GitEvent, ...], str]:
    match event:
        case "push":
            return _push(typed(payload, _Push, "push"))
        case "pull_request":
            return _pull_request(typed(payload, _PullRequest, "pull_request"))
        case "release":
            return _release(typed(payload, _Release, "release"))
        case "ping":
            return (), "ping: the webhook works"
        case _:
            return (), f"nothing is done for deliveries of kind '{event}'"


def _push(push: _Push) -> tuple[tuple[GitEvent, ...], str]:
    kind, _, name = push.ref.removeprefix("refs/").partition("/")
    if kind not in ("heads", "tags"):
        return (), f"nothing is done for a push of {push.ref}"
    gone, head = is_nothing(push.after), push.head_commit
    sha = push.before if gone else head.id if head else push.after  # `after` of an annotated tag is no commit
    event = GitEvent(
        kind=EventKind.TAG if kind == "tags" else EventKind.COMMIT,
        repository=push.repository.repository(),
        sha=commit_id(sha, "push"),
        branch=name if kind == "heads" else "",
        tag=name if kind == "tags" else "",
        base_sha="" if is_nothing(push.before) else push.before,
        message=(head.message if head else "") or "",
        committer=head.committer.person() if head else Person(),
        author=head.author.person() if head else Person(),
        compare_url=push.compare or "",
        commit_url=(head.url if head else "") or "",
        changed_files=_changed(push),
        deleted=gone,
    )
    return (event,), f"push of {push.ref}"


def _changed(push: _Push) -> tuple[str, ...] | None:
    """None where the list of commits is not the whole difference."""
    paths = [commit.paths() for commit in push.commits]
    if push.forced or is_nothing(push.before) or None in paths or not 0 < len(paths) < MOST_COMMITS:
        return None
    return tuple(dict.fromkeys(path for found in paths for path in found or ()))


def _pull_request(found: _PullRequest) -> tuple[tuple[GitEvent, ...], str]:
    pull, note = found.pull_request, f"pull request {found.number} {found.action}"
    if found.action not in OPENED and found.action != "closed":
        return (), f"nothing is done for {note}"
    merged = pull.merge_commit_sha if found.action == "closed" and pull.merged else None
    source = pull.head.repo
    event = GitEvent(
        kind=EventKind.PULL_REQUEST_CLOSE if found.action == "closed" else EventKind.PULL_REQUEST,
        repository=found.repository.repository(),
        sha=commit_id(merged or pull.head.sha, "pull_request"),
        branch=pull.base.ref,
        base_sha=pull.base.sha,
        message=pull.title or "",
        committer=Person(login=found.sender.login),
        author=Person(login=pull.user.login if pull.user else ""),
        pull_request=PullRequest(
            number=found.number,
            base=pull.base.ref,
            head=pull.head.ref,
            head_repository=source.full_name if source else "",
            from_fork=source is None or source.full_name.casefold() != found.repository.full_name.casefold(),
        ),
        commit_url=pull.html_url or "",
    )
    return (event,), note


def _release(found: _Release) -> tuple[tuple[GitEvent, ...], str]:
    release, note = found.release, f"release {found.release.tag_name} {found.action}"
    if found.action != "published":
        return (), f"nothing is done for {note}"
    author = Person(login=release.author.login if release.author else "")
    event = GitEvent(
        kind=EventKind.RELEASE,
        repository=found.repository.repository(),
        sha="",
        tag=release.tag_name,
        committer=author,
        author=author,
        release=Release(
            name=release.name or release.tag_name,
            prerelease=release.prerelease,
            published_at=release.published_at or "",
        ),
        commit_url=release.html_url or "",
    )
    return (event,), note
