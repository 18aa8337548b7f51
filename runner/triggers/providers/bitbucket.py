"""Bitbucket Cloud: repo:push and the pull request events. What Bitbucket Server sends goes to its own module."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct, field

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import Delivery, by_name, commit_id, json_of, typed
from runner.triggers.git_events import EventKind, GitEvent, Person, PullRequest, Repository
from runner.triggers.providers import bitbucket_server

NAME = "bitbucket"
OPENED = frozenset({"pullrequest:created", "pullrequest:updated"})
CLOSED = frozenset({"pullrequest:fulfilled", "pullrequest:rejected"})
SERVER = ("pr:", "repo:refs_changed", "diagnostics:")


class _Link(Struct):
    href: str = ""


class _Links(Struct):
    html: _Link = field(default_factory=_Link)


class _User(Struct):
    nickname: str | None = ""
    display_name: str | None = ""

    def person(self) -> Person:
        return Person(login=self.nickname or "", display_name=self.display_name or "")


class _Author(Struct):
    """`raw` is `Name <address>` as the commit has it."""

    raw: str | None = ""
    user: _User | None = None

    def person(self) -> Person:
        name, _, address = (self.raw or "").partition("<")
        known = self.user.person() if self.user else Person()
        return Person(login=known.login, email=address.rstrip("> "), display_name=known.display_name or name.strip())


class _Repository(Struct):
    full_name: str
    is_private: bool = False
    parent: Json = None
    links: _Links = field(default_factory=_Links)

    def repository(self) -> Repository:
        """The addresses are not told; they follow from the one for people."""
        page = self.links.html.href
        try:
            host = urlsplit(page).hostname or ""
        except ValueError:
            page = host = ""
        return Repository(
            provider=NAME,
            full_name=self.full_name,
            ssh_url=f"git@{host}:{self.full_name}.git" if host else "",
            https_url=f"{page}.git" if host else "",
            private=self.is_private,
            fork=self.parent is not None,
        )


class _Target(Struct):
    hash: str
    message: str | None = ""
    author: _Author = field(default_factory=_Author)
    links: _Links = field(default_factory=_Links)


class _Ref(Struct):
    name: str
    type: str = "branch"
    target: _Target | None = None


class _Change(Struct):
    new: _Ref | None = None
    old: _Ref | None = None
    links: _Links = field(default_factory=_Links)


class _Changes(Struct):
    changes: list[_Change]


class _Push(Struct):
    push: _Changes
    repository: _Repository
    actor: _User = field(default_factory=_User)


class _Branch(Struct):
    name: str


class _Commit(Struct):
    hash: str


class _Side(Struct):
    branch: _Branch
    commit: _Commit
    repository: _Repository | None = None


class _Pull(Struct):
    id: int
    source: _Side
    destination: _Side
    title: str | None = ""
    merge_commit: _Commit | None = None
    author: _User = field(default_factory=_User)
    links: _Links = field(default_factory=_Links)


class _PullRequest(Struct):
    pullrequest: _Pull
    repository: _Repository
    actor: _User = field(default_factory=_User)


def read(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
    named = by_name(headers)
    if named.get("x-event-key", "").startswith(SERVER):
        return bitbucket_server.read(headers, body, secret, now)
    proofs.check_signature(named.get("x-hub-signature", ""), body, secret)
    payload = json_of(body)
    events, note = _events(named.get("x-event-key", ""), payload)
    return Delivery(
        id=named.get("x-request-uuid", ""),
        events=events,
        payload=payload,
        note=note,
        replay_key=f"{NAME}:{proofs.digest(body)}",  # the id of the delivery is not signed
    )


def _events(event: str, payload: Json) -> tuple[tuple[GitEvent, ...], str]:
    if event == "repo:push":
        push = typed(payload, _Push, "push")
        events = tuple(_pushed(push, change, ref) for change in push.push.changes if (ref := change.new or change.old))
        return events, f"push of {len(events)} branches and tags"
    if event in OPENED | CLOSED:
        return _pull_request(typed(payload, _PullRequest, "pull request"), event)
    return (), f"nothing is done for deliveries of kind '{event}'"


def _pushed(push: _Push, change: _Change, ref: _Ref) -> GitEvent:
    target = ref.target or _Target(hash="")
    before = change.old.target if change.old else None
    tag = ref.type.endswith("tag")
    return GitEvent(
        kind=EventKind.TAG if tag else EventKind.COMMIT,
        repository=push.repository.repository(),
        sha=commit_id(target.hash, "push"),
        branch="" if tag else ref.name,
        tag=ref.name if tag else "",
        base_sha=before.hash if before else "",
        message=target.message or "",
        committer=push.actor.person(),
        author=target.author.person(),
        compare_url=change.links.html.href,
        commit_url=target.links.html.href,
        deleted=change.new is None,
    )


def _pull_request(found: _PullRequest, event: str) -> tuple[tuple[GitEvent, ...], str]:
    pull, repository = found.pullrequest, found.repository
    merged = pull.merge_commit if event == "pullrequest:fulfilled" else None
    source = pull.source.repository
    pull_request = GitEvent(
        kind=EventKind.PULL_REQUEST_CLOSE if event in CLOSED else EventKind.PULL_REQUEST,
        repository=repository.repository(),
        sha=commit_id((merged or pull.source.commit).hash, "pull request"),
        branch=pull.destination.branch.name,
        base_sha=pull.destination.commit.hash,
        message=pull.title or "",
        committer=found.actor.person(),
        author=pull.author.person(),
        pull_request=PullRequest(
            number=pull.id,
            base=pull.destination.branch.name,
            head=pull.source.branch.name,
            head_repository=source.full_name if source else "",
            from_fork=source is None or source.full_name.casefold() != repository.full_name.casefold(),
        ),
        commit_url=pull.links.html.href,
    )
    return (pull_request,), f"pull request {pull.id} {event.partition(':')[2]}"
