"""Bitbucket Server and Data Center: repo:refs_changed and the pull request events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import Delivery, by_name, commit_id, is_nothing, json_of, typed
from runner.triggers.git_events import EventKind, GitEvent, Person, PullRequest, Repository

NAME = "bitbucketServer"
OPENED = frozenset({"pr:opened", "pr:from_ref_updated"})
CLOSED = frozenset({"pr:merged", "pr:declined", "pr:deleted"})


class _User(Struct, rename="camel"):
    name: str | None = ""
    email_address: str | None = ""
    display_name: str | None = ""

    def person(self) -> Person:
        return Person(login=self.name or "", email=self.email_address or "", display_name=self.display_name or "")


class _Project(Struct):
    key: str


class _Link(Struct):
    href: str = ""
    name: str = ""


class _Links(Struct):
    clone: list[_Link] = field(default_factory=list)


class _Repository(Struct):
    slug: str
    project: _Project
    public: bool = False
    origin: Json = None
    links: _Links = field(default_factory=_Links)

    @property
    def full_name(self) -> str:
        return f"{self.project.key}/{self.slug}"

    def repository(self) -> Repository:
        urls = {link.name: link.href for link in self.links.clone}
        return Repository(
            provider=NAME,
            full_name=self.full_name,
            ssh_url=urls.get("ssh", ""),
            https_url=urls.get("http", ""),
            private=not self.public,
            fork=self.origin is not None,
        )


class _Ref(Struct, rename="camel"):
    display_id: str
    type: str = "BRANCH"


class _Change(Struct, rename="camel"):
    ref: _Ref
    from_hash: str
    to_hash: str


class _Commit(Struct):
    id: str
    message: str | None = ""
    author: _User = field(default_factory=_User)


class _Push(Struct, rename="camel"):
    repository: _Repository
    changes: list[_Change]
    actor: _User = field(default_factory=_User)
    to_commit: _Commit | None = None


class _Side(Struct, rename="camel"):
    display_id: str
    latest_commit: str
    repository: _Repository


class _Properties(Struct, rename="camel"):
    merge_commit: _Commit | None = None


class _Participant(Struct):
    user: _User = field(default_factory=_User)


class _Pull(Struct, rename="camel"):
    id: int
    from_ref: _Side
    to_ref: _Side
    title: str | None = ""
    author: _Participant = field(default_factory=_Participant)
    properties: _Properties = field(default_factory=_Properties)


class _PullRequest(Struct, rename="camel"):
    pull_request: _Pull
    actor: _User = field(default_factory=_User)


def read(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
    named = by_name(headers)
    proofs.check_signature(named.get("x-hub-signature", ""), body, secret)
    payload = json_of(body)
    events, note = _events(named.get("x-event-key", ""), payload)
    return Delivery(
        id=named.get("x-request-id", ""),
        events=events,
        payload=payload,
        note=note,
        replay_key=f"{NAME}:{proofs.digest(body)}",  # the id of the delivery is not signed
    )


def _events(event: str, payload: Json) -> tuple[tuple[GitEvent, ...], str]:
    if event == "repo:refs_changed":
        push = typed(payload, _Push, "push")
        return tuple(_pushed(push, change) for change in push.changes), f"push of {len(push.changes)} branches and tags"
    if event in OPENED | CLOSED:
        return _pull_request(typed(payload, _PullRequest, "pull request"), event)
    if event == "diagnostics:ping":
        return (), "ping: the webhook works"
    return (), f"nothing is done for deliveries of kind '{event}'"


def _pushed(push: _Push, change: _Change) -> GitEvent:
    tag, gone = change.ref.type == "TAG", is_nothing(change.to_hash)
    told = push.to_commit if push.to_commit and push.to_commit.id == change.to_hash else None
    return GitEvent(
        kind=EventKind.TAG if tag else EventKind.COMMIT,
        repository=push.repository.repository(),
        sha=commit_id(change.from_hash if gone else change.to_hash, "push"),
        branch="" if tag else change.ref.display_id,
        tag=change.ref.display_id if tag else "",
        base_sha="" if is_nothing(change.from_hash) else change.from_hash,
        message=(told.message if told else "") or "",
        committer=push.actor.person(),
        author=told.author.person() if told else push.actor.person(),
        deleted=gone,
    )


def _pull_request(found: _PullRequest, event: str) -> tuple[tuple[GitEvent, ...], str]:
    pull = found.pull_request
    source, target = pull.from_ref.repository, pull.to_ref.repository
    merged = pull.properties.merge_commit
    pull_request = GitEvent(
        kind=EventKind.PULL_REQUEST_CLOSE if event in CLOSED else EventKind.PULL_REQUEST,
        repository=target.repository(),
        sha=commit_id(merged.id if merged else pull.from_ref.latest_commit, "pull request"),
        branch=pull.to_ref.display_id,
        base_sha=pull.to_ref.latest_commit,
        message=pull.title or "",
        committer=found.actor.person(),
        author=pull.author.user.person(),
        pull_request=PullRequest(
            number=pull.id,
            base=pull.to_ref.display_id,
            head=pull.from_ref.display_id,
            head_repository=source.full_name,
            from_fork=source.full_name.casefold() != target.full_name.casefold(),
        ),
    )
    return (pull_request,), f"pull request {pull.id} {event.partition(':')[2]}"
