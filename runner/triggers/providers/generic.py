"""Any other sender: our own body, signed with a time, or with the secret as bearer token.

`X-Timestamp` holds seconds since 1970, `X-Signature-256` is `sha256=` and the hexadecimal HMAC-SHA256 of the time, a
dot and the body; or else `Authorization: Bearer <secret>`, with an `X-Delivery-Id` of the sender's own if it has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import Delivery, by_name, commit_id, json_of, typed
from runner.triggers.git_events import EventKind, GitEvent, Person, PullRequest, Release, Repository

NAME = "generic"


class _Person(Struct):
    login: str = ""
    email: str = ""
    name: str = ""

    def person(self) -> Person:
        return Person(login=self.login, email=self.email, display_name=self.name)


class _Event(Struct, forbid_unknown_fields=True):
    """The body. `number`, `head` and `head_repository` belong to a pull request, whose base is `branch`."""

    repository: str
    kind: Literal["commit", "tag", "pull_request", "pull_request_close", "release", "ping"] = "commit"
    provider: str = "git"
    ssh_url: str = ""
    https_url: str = ""
    branch: str = ""
    tag: str = ""
    sha: str = ""
    before: str = ""
    message: str = ""
    committer: _Person = field(default_factory=_Person)
    author: _Person = field(default_factory=_Person)
    number: int = 0
    head: str = ""
    head_repository: str = ""
    release: str = ""
    prerelease: bool = False
    published_at: str = ""
    compare_url: str = ""
    changed_files: list[str] | None = None
    deleted: bool = False


def read(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
    named = by_name(headers)
    key = _proven(named, body, secret, now)
    payload = json_of(body)
    told = typed(payload, _Event, "event")
    events = () if told.kind == "ping" else (_event(told),)
    return Delivery(
        id=named.get("x-delivery-id", ""),
        events=events,
        payload=payload,
        note="ping: the webhook works" if told.kind == "ping" else f"{told.kind} of {told.repository}",
        replay_key=key,
    )


def _proven(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> str | None:
    """The replay key. Raises RefusedDelivery (401)."""
    if "x-signature-256" in headers:
        seconds = headers.get("x-timestamp", "")
        signed = seconds.encode() + b"." + body
        proofs.check_signature(headers["x-signature-256"], signed, secret)
        proofs.check_time(seconds, now)
        return f"{NAME}:{proofs.digest(signed)}"
    scheme, _, token = headers.get("authorization", "").partition(" ")
    proofs.check_token(token if scheme.lower() == "bearer" else "", secret)
    named = headers.get("x-delivery-id")
    return f"{NAME}:{named}" if named else None


def _event(told: _Event) -> GitEvent:
    kind = EventKind(told.kind)
    request = kind in (EventKind.PULL_REQUEST, EventKind.PULL_REQUEST_CLOSE)
    return GitEvent(
        kind=kind,
        repository=Repository(
            provider=told.provider, full_name=told.repository, ssh_url=told.ssh_url, https_url=told.https_url
        ),
        sha=commit_id(told.sha, "event") if told.sha or not told.tag else "",
        branch=told.branch,
        tag=told.tag,
        base_sha=commit_id(told.before, "event") if told.before else "",
        message=told.message,
        committer=told.committer.person(),
        author=told.author.person(),
        pull_request=_pull_request(told) if request else None,
        release=Release(name=told.release or told.tag, prerelease=told.prerelease, published_at=told.published_at)
        if kind is EventKind.RELEASE
        else None,
        compare_url=told.compare_url,
        changed_files=None if told.changed_files is None else tuple(told.changed_files),
        deleted=told.deleted,
    )


def _pull_request(told: _Event) -> PullRequest:
    source = told.head_repository or told.repository
    return PullRequest(
        number=told.number,
        base=told.branch,
        head=told.head,
        head_repository=source,
        from_fork=source.casefold() != told.repository.casefold(),
    )
