"""Deliveries of GitLab."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.delivery import RefusedDelivery
from runner.triggers.git_events import EventKind, GitEvent
from runner.triggers.providers.registry import PROVIDERS
from tests.triggers.senders import NOW, SIGNING, deliver, gitlab, gitlab_signed

NEW, OLD, TAG_OBJECT, NONE = "ab" * 20, "cd" * 20, "ef" * 20, "0" * 40
PROJECT = {
    "path_with_namespace": "acme/fruit/shop",
    "git_ssh_url": "git@gitlab.test:acme/fruit/shop.git",
    "git_http_url": "https://gitlab.test/acme/fruit/shop.git",
    "web_url": "https://gitlab.test/acme/fruit/shop",
    "visibility_level": 20,
}


def commit(sha: str = NEW, **files: list[str]) -> Json:
    told: dict[str, list[str]] = {"added": [], "removed": [], "modified": []} | files
    return {
        "id": sha,
        "message": "Sell pears",
        "url": "https://x.test/c",
        "author": {"name": "Ada", "email": "a@x.test"},
        **told,
    }


def push(ref: str = "refs/heads/main", **changed: Json) -> Json:
    body = {
        "ref": ref, "before": OLD, "after": NEW, "checkout_sha": NEW, "project": PROJECT, "user_name": "Kim Lee",
        "user_username": "kim", "user_email": None, "commits": [commit(added=["a"], removed=["b"])],
        "total_commits_count": 1,
    }  # fmt: skip
    return body | changed


def merge(action: str, **changed: Json) -> Json:
    attributes = {
        "iid": 7, "action": action, "title": "Plums", "source_branch": "plums", "target_branch": "main",
        "last_commit": commit(), "source": {"path_with_namespace": "kim/shop"}, "merge_commit_sha": None,
    }  # fmt: skip
    return {"project": PROJECT, "user": {"name": "Kim", "username": "kim"}, "object_attributes": attributes | changed}


def release() -> Json:
    told = {"action": "create", "tag": "v2", "name": "Autumn", "released_at": "2026-03-02"}
    return told | {"commit": commit(), "project": PROJECT}


def one(event: str, payload: Json) -> GitEvent:
    (found,) = deliver("gitlab", event, payload).events
    return found


def test_a_push_is_a_commit_with_its_author_and_who_pushed_it() -> None:
    event = one("Push Hook", push())
    assert (event.kind, event.branch, event.sha, event.base_sha) == (EventKind.COMMIT, "main", NEW, OLD)
    assert (event.author.display_name, event.committer.login, event.message) == ("Ada", "kim", "Sell pears")
    assert event.changed_files == ("a", "b")
    assert event.compare_url == f"https://gitlab.test/acme/fruit/shop/-/compare/{OLD}...{NEW}"
    assert (event.repository.full_name, event.repository.private) == ("acme/fruit/shop", False)


@pytest.mark.parametrize(
    "changed", [{"total_commits_count": 21}, {"before": NONE}, {"commits": [], "total_commits_count": 0}]
)
def test_what_is_not_told_completely_counts_as_unknown(changed: dict[str, Json]) -> None:
    assert one("Push Hook", push(**changed)).changed_files is None


def test_an_annotated_tag_stands_for_its_commit() -> None:
    event = one("Tag Push Hook", push("refs/tags/v1", before=NONE, after=TAG_OBJECT))
    assert (event.kind, event.tag, event.sha, event.deleted) == (EventKind.TAG, "v1", NEW, False)


def test_a_branch_that_is_gone_is_told_with_its_last_commit() -> None:
    event = one("Push Hook", push(after=NONE, checkout_sha=None, commits=[]))
    assert (event.deleted, event.sha) == (True, OLD)


@pytest.mark.parametrize(
    ("action", "more", "kind"),
    [
        ("open", {}, EventKind.PULL_REQUEST),
        ("reopen", {}, EventKind.PULL_REQUEST),
        ("update", {"oldrev": OLD}, EventKind.PULL_REQUEST),
        ("close", {}, EventKind.PULL_REQUEST_CLOSE),
        ("merge", {"merge_commit_sha": OLD}, EventKind.PULL_REQUEST_CLOSE),
    ],
)
def test_merge_requests_are_pull_requests(action: str, more: dict[str, Json], kind: EventKind) -> None:
    event = one("Merge Request Hook", merge(action, **more))
    assert (event.kind, event.branch, event.sha) == (kind, "main", OLD if action == "merge" else NEW)
    assert event.pull_request is not None
    assert (event.pull_request.number, event.pull_request.head, event.pull_request.from_fork) == (7, "plums", True)


@pytest.mark.parametrize("action", ["update", "approved"])
def test_a_merge_request_without_other_commits_starts_nothing(action: str) -> None:
    delivery = deliver("gitlab", "Merge Request Hook", merge(action))
    assert delivery.events == ()
    assert delivery.note == f"nothing is done for merge request 7 {action}: it has no other commits"


def test_a_release_tells_tag_commit_and_time() -> None:
    event = one("Release Hook", release())
    assert (event.kind, event.tag, event.sha) == (EventKind.RELEASE, "v2", NEW)
    assert event.release is not None
    assert (event.release.name, event.release.published_at) == ("Autumn", "2026-03-02")
    assert (
        deliver("gitlab", "Release Hook", release() | {"action": "update"}).note
        == "nothing is done for release v2 update"
    )


def test_a_signing_token_proves_id_time_and_body() -> None:
    delivery = deliver("gitlab, signed", "Push Hook", push())
    assert (delivery.id, delivery.replay_key) == ("m-1", "gitlab:m-1")
    assert [event.sha for event in delivery.events] == [NEW]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signed_time_far_from_the_clock_is_refused(minutes: int) -> None:
    body = json.dumps(push()).encode()
    headers = gitlab_signed("Push Hook", body, SIGNING)
    with pytest.raises(RefusedDelivery) as refused:
        PROVIDERS["gitlab"].read(headers, body, Secret(SIGNING), NOW + timedelta(minutes=minutes))
    assert refused.value.status == 401


def test_a_signing_token_is_not_taken_as_a_plain_token() -> None:
    body = json.dumps(push()).encode()
    with pytest.raises(RefusedDelivery):
        PROVIDERS["gitlab"].read(gitlab("Push Hook", body, SIGNING), body, Secret(SIGNING), NOW)


def test_the_id_that_stays_the_same_when_it_is_tried_again_is_the_one_that_counts() -> None:
    body = json.dumps(push()).encode()
    headers = gitlab("Push Hook", body, "s") | {"Idempotency-Key": "i-1"}
    assert PROVIDERS["gitlab"].read(headers, body, Secret("s"), NOW).replay_key == "gitlab:i-1"
