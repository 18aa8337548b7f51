"""Deliveries of GitHub."""

from __future__ import annotations

import pytest

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.delivery import RefusedDelivery
from runner.triggers.git_events import EventKind, GitEvent, Person
from runner.triggers.providers.registry import PROVIDERS
from tests.triggers.senders import NOW, SECRET, deliver, form, github

NEW, OLD, TAG_OBJECT, NONE = "ab" * 20, "cd" * 20, "ef" * 20, "0" * 40
REPOSITORY = {
    "full_name": "acme/shop",
    "ssh_url": "git@github.com:acme/shop.git",
    "clone_url": "https://github.com/acme/shop.git",
    "private": True,
    "fork": False,
    "pushed_at": 1,
}


def commit(sha: str = NEW, **files: list[str]) -> Json:
    person = {"name": "Ada Byrd", "email": "ada@acme.test", "username": "ada"}
    told: dict[str, list[str]] = {"added": [], "removed": [], "modified": []} | files
    return {
        "id": sha,
        "message": "Sell pears",
        "url": f"https://x.test/{sha}",
        "author": person,
        "committer": person,
        **told,
    }


def push(ref: str = "refs/heads/main", **changed: Json) -> Json:
    body = {
        "ref": ref,
        "before": OLD,
        "after": NEW,
        "deleted": False,
        "forced": False,
        "compare": "https://x.test/compare",
        "commits": [commit(OLD, added=["a"]), commit(modified=["b", "a"], removed=["c"])],
        "head_commit": commit(),
        "repository": REPOSITORY,
        "pusher": {"name": "kim", "email": None},
    }
    return body | changed


def pull(action: str, merged: bool = False, source: Json = REPOSITORY) -> Json:
    return {
        "action": action,
        "number": 7,
        "repository": REPOSITORY,
        "sender": {"login": "kim"},
        "pull_request": {
            "title": "Plums",
            "html_url": "https://x.test/7",
            "merged": merged,
            "merge_commit_sha": OLD,
            "user": {"login": "ada"},
            "head": {"ref": "plums", "sha": NEW, "repo": source},
            "base": {"ref": "main", "sha": OLD, "repo": REPOSITORY},
        },
    }


def release() -> Json:
    told = {"tag_name": "v2", "name": None, "prerelease": True, "published_at": "2026-03-02T12:00:00Z", "author": None}
    return {"action": "published", "release": told, "repository": REPOSITORY}


def one(event: str, payload: Json) -> GitEvent:
    (found,) = deliver("github", event, payload).events
    return found


def test_a_push_is_a_commit_with_all_that_it_changes() -> None:
    event = one("push", push())
    assert (event.kind, event.branch, event.sha, event.base_sha) == (EventKind.COMMIT, "main", NEW, OLD)
    assert (event.message, event.compare_url) == ("Sell pears", "https://x.test/compare")
    assert event.author == Person(login="ada", email="ada@acme.test", display_name="Ada Byrd")
    assert event.changed_files == ("a", "b", "c")
    assert event.repository.private
    assert (event.repository.provider, event.repository.full_name) == ("github", "acme/shop")


@pytest.mark.parametrize(
    "changed",
    [{"forced": True}, {"before": NONE}, {"commits": []}, {"commits": [{"id": NEW}]}, {"commits": [commit()] * 2048}],
)
def test_what_is_not_told_completely_counts_as_unknown(changed: dict[str, Json]) -> None:
    assert one("push", push(**changed)).changed_files is None


def test_a_new_branch_has_no_commit_before_it() -> None:
    assert one("push", push(before=NONE)).base_sha == ""


def test_a_branch_with_slashes_keeps_them() -> None:
    assert one("push", push("refs/heads/feature/a/b")).branch == "feature/a/b"


def test_an_annotated_tag_stands_for_its_commit() -> None:
    event = one("push", push("refs/tags/v1", before=NONE, after=TAG_OBJECT, commits=[]))
    assert (event.kind, event.tag, event.branch, event.sha) == (EventKind.TAG, "v1", "", NEW)


def test_a_branch_that_is_gone_is_told_with_its_last_commit() -> None:
    event = one("push", push(after=NONE, deleted=True, head_commit=None, commits=[]))
    assert (event.deleted, event.sha) == (True, OLD)


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize"])
def test_a_pull_request_names_its_base_and_its_head(action: str) -> None:
    event = one("pull_request", pull(action))
    assert (event.kind, event.branch, event.sha) == (EventKind.PULL_REQUEST, "main", NEW)
    assert event.pull_request is not None
    assert (event.pull_request.number, event.pull_request.head, event.pull_request.from_fork) == (7, "plums", False)
    assert (event.author.login, event.committer.login) == ("ada", "kim")


@pytest.mark.parametrize("source", [None, REPOSITORY | {"full_name": "kim/shop"}])
def test_a_pull_request_of_another_repository_is_one_from_a_fork(source: Json) -> None:
    event = one("pull_request", pull("opened", source=source))
    assert event.pull_request is not None
    assert event.pull_request.from_fork


def test_a_closed_pull_request_stands_for_the_merge_if_there_was_one() -> None:
    merged, dropped = one("pull_request", pull("closed", merged=True)), one("pull_request", pull("closed"))
    assert merged.kind is dropped.kind is EventKind.PULL_REQUEST_CLOSE
    assert (merged.sha, dropped.sha) == (OLD, NEW)


def test_a_published_release_tells_its_tag_and_no_commit() -> None:
    event = one("release", release())
    assert (event.kind, event.tag, event.sha) == (EventKind.RELEASE, "v2", "")
    assert event.release is not None
    assert (event.release.name, event.release.prerelease, event.release.published_at) == (
        "v2",
        True,
        "2026-03-02T12:00:00Z",
    )


@pytest.mark.parametrize(
    ("event", "payload", "note"),
    [
        ("ping", {"zen": "x"}, "ping: the webhook works"),
        ("create", {}, "nothing is done for deliveries of kind 'create'"),
        ("pull_request", pull("labeled"), "nothing is done for pull request 7 labeled"),
        ("push", push("refs/notes/x"), "nothing is done for a push of refs/notes/x"),
        ("release", {"action": "edited", "release": {"tag_name": "v2"}, "repository": REPOSITORY},
         "nothing is done for release v2 edited"),
    ],
)  # fmt: skip
def test_what_starts_nothing_says_why(event: str, payload: Json, note: str) -> None:
    delivery = deliver("github", event, payload)
    assert (delivery.events, delivery.note) == ((), note)


def test_a_form_is_read_like_json() -> None:
    body = form(push(message="a+b %20"))
    headers = github("push", body, SECRET) | {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    delivery = PROVIDERS["github"].read(headers, body, Secret(SECRET), NOW)
    assert [event.sha for event in delivery.events] == [NEW]
    assert delivery.payload["message"] == "a+b %20"


@pytest.mark.parametrize(
    "payload",
    [
        [],
        1,
        {},
        push() | {"ref": None},
        push(commits={}),
        push(after="no commit", head_commit=None),
        push(repository={}),
    ],
)
def test_a_body_that_is_no_push_is_refused_with_the_reason(payload: Json) -> None:
    with pytest.raises(RefusedDelivery, match="this is no push: ") as refused:
        deliver("github", "push", payload)
    assert refused.value.status == 400


def test_the_same_body_is_the_same_delivery_whatever_id_it_comes_with() -> None:
    first, other = deliver("github", "push", push()), deliver("github", "push", push(before=NONE))
    assert first.id == other.id == "d-1"
    assert first.replay_key == deliver("github", "push", push()).replay_key != other.replay_key
