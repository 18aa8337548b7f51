"""Deliveries of Bitbucket Cloud and of Bitbucket Server."""

from __future__ import annotations

import pytest

from runner.pipeline.plain import Json
from runner.triggers.git_events import EventKind, GitEvent
from tests.triggers.senders import deliver

NEW, OLD, NONE = "ab" * 20, "cd" * 20, "0" * 40
CLOUD = {"full_name": "acme/shop", "is_private": True, "links": {"html": {"href": "https://bitbucket.org/acme/shop"}}}
SERVER = {
    "slug": "shop",
    "project": {"key": "ACME"},
    "public": False,
    "links": {
        "clone": [
            {"href": "ssh://git@bb.test:7999/acme/shop.git", "name": "ssh"},
            {"href": "https://bb.test/scm/acme/shop.git", "name": "http"},
        ]
    },
}


def ref(name: str, sha: str, type_: str = "branch") -> Json:
    target = {"hash": sha, "message": "Sell pears", "author": {"raw": "Ada Byrd <ada@acme.test>"}}
    return {"name": name, "type": type_, "target": target}


def cloud_push(*changes: tuple[Json, Json]) -> Json:
    told = [{"new": new, "old": old, "links": {"html": {"href": "https://x.test/compare"}}} for new, old in changes]
    return {"push": {"changes": told}, "repository": CLOUD, "actor": {"nickname": "kim", "display_name": "Kim Lee"}}


def cloud_pull(**changed: Json) -> Json:
    pull = {
        "id": 7,
        "title": "Plums",
        "source": {"branch": {"name": "plums"}, "commit": {"hash": NEW[:12]}, "repository": {"full_name": "kim/shop"}},
        "destination": {"branch": {"name": "main"}, "commit": {"hash": OLD[:12]}, "repository": CLOUD},
        "merge_commit": None,
        "author": {"nickname": "ada"},
    }
    return {"pullrequest": pull | changed, "repository": CLOUD, "actor": {"nickname": "kim"}}


def server_change(name: str, before: str, after: str, type_: str = "BRANCH") -> Json:
    return {"ref": {"id": f"x/{name}", "displayId": name, "type": type_}, "fromHash": before, "toHash": after}


def server_push(*changes: Json) -> Json:
    actor = {"name": "kim", "emailAddress": "kim@acme.test", "displayName": "Kim Lee"}
    return {
        "repository": SERVER,
        "changes": list(changes),
        "actor": actor,
        "toCommit": {"id": NEW, "message": "Sell pears"},
    }


def server_pull(**properties: Json) -> Json:
    side = {"repository": SERVER}
    pull = {
        "id": 7,
        "title": "Plums",
        "fromRef": side | {"displayId": "plums", "latestCommit": NEW},
        "toRef": side | {"displayId": "main", "latestCommit": OLD},
        "author": {"user": {"name": "ada"}},
        "properties": properties,
    }
    return {"pullRequest": pull, "actor": {"name": "kim"}}


def events(sender: str, event: str, payload: Json) -> tuple[GitEvent, ...]:
    return deliver(sender, event, payload).events


def test_one_push_may_hold_several_branches_and_tags() -> None:
    found = events(
        "bitbucket",
        "repo:push",
        cloud_push(
            (ref("main", NEW), ref("main", OLD)), (ref("v1", NEW, "annotated_tag"), None), (None, ref("wip", OLD))
        ),
    )
    assert [(e.kind, e.branch, e.tag, e.sha, e.deleted) for e in found] == [
        (EventKind.COMMIT, "main", "", NEW, False),
        (EventKind.TAG, "", "v1", NEW, False),
        (EventKind.COMMIT, "wip", "", OLD, True),
    ]
    assert (found[0].base_sha, found[0].message, found[0].changed_files) == (OLD, "Sell pears", None)
    assert (found[0].author.display_name, found[0].author.email) == ("Ada Byrd", "ada@acme.test")
    assert found[0].committer.login == "kim"


def test_the_addresses_of_a_cloud_repository_follow_from_its_page() -> None:
    (event,) = events("bitbucket", "repo:push", cloud_push((ref("main", NEW), None)))
    assert event.repository.ssh_url == "git@bitbucket.org:acme/shop.git"
    assert event.repository.https_url == "https://bitbucket.org/acme/shop.git"


@pytest.mark.parametrize("key", ["pullrequest:created", "pullrequest:updated"])
def test_a_cloud_pull_request_names_a_commit_that_is_cut_short(key: str) -> None:
    (event,) = events("bitbucket", key, cloud_pull())
    assert (event.kind, event.branch, event.sha) == (EventKind.PULL_REQUEST, "main", NEW[:12])
    assert event.pull_request is not None
    assert (event.pull_request.head_repository, event.pull_request.from_fork) == ("kim/shop", True)


def test_a_cloud_pull_request_is_closed_by_merging_or_rejecting() -> None:
    (merged,) = events("bitbucket", "pullrequest:fulfilled", cloud_pull(merge_commit={"hash": OLD[:12]}))
    (rejected,) = events("bitbucket", "pullrequest:rejected", cloud_pull())
    assert merged.kind is rejected.kind is EventKind.PULL_REQUEST_CLOSE
    assert (merged.sha, rejected.sha) == (OLD[:12], NEW[:12])


def test_a_server_push_tells_branches_and_tags() -> None:
    found = events(
        "bitbucketServer",
        "repo:refs_changed",
        server_push(
            server_change("main", OLD, NEW), server_change("v1", NONE, NEW, "TAG"), server_change("wip", OLD, NONE)
        ),
    )
    assert [(e.kind, e.branch, e.tag, e.sha, e.base_sha, e.deleted) for e in found] == [
        (EventKind.COMMIT, "main", "", NEW, OLD, False),
        (EventKind.TAG, "", "v1", NEW, "", False),
        (EventKind.COMMIT, "wip", "", OLD, OLD, True),
    ]
    assert (found[0].message, found[0].repository.full_name) == ("Sell pears", "ACME/shop")
    assert found[0].repository.ssh_url == "ssh://git@bb.test:7999/acme/shop.git"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("pr:opened", EventKind.PULL_REQUEST),
        ("pr:from_ref_updated", EventKind.PULL_REQUEST),
        ("pr:declined", EventKind.PULL_REQUEST_CLOSE),
    ],
)
def test_a_server_pull_request_names_its_base_and_its_head(key: str, kind: EventKind) -> None:
    (event,) = events("bitbucketServer", key, server_pull())
    assert (event.kind, event.branch, event.sha) == (kind, "main", NEW)
    assert event.pull_request is not None
    assert (event.pull_request.head, event.pull_request.from_fork) == ("plums", False)


def test_one_setting_is_for_both_bitbuckets() -> None:
    (event,) = events("bitbucket", "pr:opened", server_pull())
    assert event.repository.provider == "bitbucketServer"
    assert deliver("bitbucket", "diagnostics:ping", {"test": True}).note == "ping: the webhook works"


def test_a_merged_server_pull_request_stands_for_the_merge() -> None:
    (event,) = events("bitbucketServer", "pr:merged", server_pull(mergeCommit={"id": OLD}))
    assert event.sha == OLD


@pytest.mark.parametrize(
    ("sender", "key", "note"),
    [
        ("bitbucket", "issue:created", "nothing is done for deliveries of kind 'issue:created'"),
        ("bitbucketServer", "repo:forked", "nothing is done for deliveries of kind 'repo:forked'"),
        ("bitbucketServer", "diagnostics:ping", "ping: the webhook works"),
    ],
)
def test_what_starts_nothing_says_why(sender: str, key: str, note: str) -> None:
    delivery = deliver(sender, key, {"test": True})
    assert (delivery.events, delivery.note) == ((), note)
