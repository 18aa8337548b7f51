"""GitLab: Push, Tag Push, Merge Request and Release hooks, with a secret token or a signing token (`whsec_…`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import Delivery, by_name, commit_id, is_nothing, json_of, typed
from runner.triggers.git_events import EventKind, GitEvent, PullRequest, Release, Repository
from runner.triggers.providers.author import Author

NAME = "gitlab"
OPENED = frozenset({"open", "reopen", "update"})
CLOSED = frozenset({"close", "merge"})


class _Project(Struct):
    path_with_namespace: str
    git_ssh_url: str | None = ""
    git_http_url: str | None = ""
    web_url: str | None = ""
    visibility_level: int | None = 0

    def repository(self) -> Repository:
        return Repository(
            provider=NAME,
            full_name=self.path_with_namespace,
            ssh_url=self.git_ssh_url or "",
            https_url=self.git_http_url or "",
            private=self.visibility_level != 20,
        )


class _Commit(Struct):
    id: str
    message: str | None = ""
    url: str | None = ""
    author: Author = field(default_factory=Author)
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None


class _Push(Struct):
    ref: str
    before: str
    after: str
    project: _Project
    checkout_sha: str | None = None
    user_name: str | None = ""
    user_username: str | None = ""
    user_email: str | None = ""
    commits: list[_Commit] = field(default_factory=list)
    total_commits_count: int | None = 0


class _Side(Struct):
    path_with_namespace: str = ""


class _Merge(Struct):
    iid: int
    source_branch: str
    target_branch: str
    last_commit: _Commit
    action: str | None = ""
    title: str | None = ""
    url: str | None = ""
    oldrev: str | None = None
    merge_commit_sha: str | None = None
    source: _Side | None = None


class _MergeRequest(Struct):
    project: _Project
    object_attributes: _Merge
    user: Author = field(default_factory=Author)


class _Release(Struct):
    action: str
    tag: str
    project: _Project
    commit: _Commit
    name: str | None = ""
    released_at: str | None = ""
    url: str | None = ""


def read(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
    named = by_name(headers)
    if proofs.is_standard(secret):
        delivery = proofs.check_standard(named, body, secret, now)
    else:
        proofs.check_token(named.get("x-gitlab-token", ""), secret)
        delivery = named.get("idempotency-key") or named.get("x-gitlab-event-uuid", "")
    payload = json_of(body)
    events, note = _events(named.get("x-gitlab-event", ""), payload)
    key = f"{NAME}:{delivery}" if delivery else None
    return Delivery(id=delivery, events=events, payload=payload, note=note, replay_key=key)


def _events(event: str, payload: Json) -> tuple[tuple[GitEvent, ...], str]:
    match event:
        case "Push Hook" | "Tag Push Hook":
            return _push(typed(payload, _Push, event))
        case "Merge Request Hook":
            return _merge_request(typed(payload, _MergeRequest, event))
        case "Release Hook":
            return _release(typed(payload, _Release, event))
        case _:
            return (), f"nothing is done for deliveries of kind '{event}'"


def _push(push: _Push) -> tuple[tuple[GitEvent, ...], str]:
    kind, _, name = push.ref.removeprefix("refs/").partition("/")
    if kind not in ("heads", "tags"):
        return (), f"nothing is done for a push of {push.ref}"
    gone = is_nothing(push.after)
    sha = push.before if gone else push.checkout_sha or push.after
    head = next((commit for commit in reversed(push.commits) if commit.id == sha), None)
    pusher = Author(push.user_name, push.user_email, push.user_username).person()
    project = push.project
    fresh = gone or is_nothing(push.before)
    event = GitEvent(
        kind=EventKind.TAG if kind == "tags" else EventKind.COMMIT,
        repository=project.repository(),
        sha=commit_id(sha, "push"),
        branch=name if kind == "heads" else "",
        tag=name if kind == "tags" else "",
        base_sha="" if is_nothing(push.before) else push.before,
        message=(head.message if head else "") or "",
        committer=pusher,
        author=head.author.person() if head else pusher,
        compare_url="" if fresh else f"{project.web_url}/-/compare/{push.before}...{sha}",
        commit_url=(head.url if head else "") or "",
        changed_files=_changed(push),
        deleted=gone,
    )
    return (event,), f"push of {push.ref}"


def _changed(push: _Push) -> tuple[str, ...] | None:
    """None where the list of commits is not the whole difference: GitLab tells of 20."""
    complete = 0 < len(push.commits) == push.total_commits_count and not is_nothing(push.before)
    paths: dict[str, None] = {}
    for commit in push.commits:
        for found in (commit.added, commit.modified, commit.removed):
            complete = complete and found is not None
            paths.update(dict.fromkeys(found or ()))
    return tuple(paths) if complete else None


def _merge_request(found: _MergeRequest) -> tuple[tuple[GitEvent, ...], str]:
    merge, project = found.object_attributes, found.project
    note = f"merge request {merge.iid} {merge.action or 'changed'}"
    if merge.action not in OPENED | CLOSED or (merge.action == "update" and not merge.oldrev):
        return (), f"nothing is done for {note}: it has no other commits"
    merged = merge.merge_commit_sha if merge.action == "merge" else None
    source = merge.source.path_with_namespace if merge.source else ""
    event = GitEvent(
        kind=EventKind.PULL_REQUEST_CLOSE if merge.action in CLOSED else EventKind.PULL_REQUEST,
        repository=project.repository(),
        sha=commit_id(merged or merge.last_commit.id, "merge request"),
        branch=merge.target_branch,
        message=merge.last_commit.message or merge.title or "",
        committer=found.user.person(),
        author=merge.last_commit.author.person(),
        pull_request=PullRequest(
            number=merge.iid,
            base=merge.target_branch,
            head=merge.source_branch,
            head_repository=source,
            from_fork=bool(source) and source.casefold() != project.path_with_namespace.casefold(),
        ),
        commit_url=merge.last_commit.url or merge.url or "",
    )
    return (event,), note


def _release(found: _Release) -> tuple[tuple[GitEvent, ...], str]:
    note = f"release {found.tag} {found.action}"
    if found.action != "create":
        return (), f"nothing is done for {note}"
    author = found.commit.author.person()
    event = GitEvent(
        kind=EventKind.RELEASE,
        repository=found.project.repository(),
        sha=commit_id(found.commit.id, "release"),
        tag=found.tag,
        message=found.commit.message or "",
        committer=author,
        author=author,
        release=Release(name=found.name or found.tag, published_at=found.released_at or ""),
        commit_url=found.commit.url or "",
    )
    return (event,), note
