"""What holds for every kind of sender: a wrong secret is refused, and whatever comes is answered."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.delivery import Delivery, RefusedDelivery
from runner.triggers.git_events import EventKind
from runner.triggers.providers.registry import PROVIDERS
from tests.triggers import test_bitbucket, test_github, test_gitlab
from tests.triggers.senders import NOW, SECRET, SENDERS, Sender, deliver, generic

SHA = "ab" * 20
EVENTS = (
    "push", "pull_request", "release", "ping", "Push Hook", "Tag Push Hook", "Merge Request Hook", "Release Hook",
    "repo:push", "pullrequest:created", "repo:refs_changed", "pr:opened", "",
)  # fmt: skip
KEYS = (
    "ref", "before", "after", "repository", "project", "full_name", "commits", "id", "head_commit", "number", "action",
    "pull_request", "head", "base", "sha", "release", "tag_name", "path_with_namespace", "object_attributes", "iid",
    "push", "changes", "new", "name", "target", "hash", "pullrequest", "source", "destination", "branch", "commit",
    "slug", "key", "displayId", "toHash", "fromHash", "pullRequest", "kind", "links", "html", "href",
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.sampled_from([SHA, "0" * 40, "refs/heads/x", "opened", ""])
payloads: st.SearchStrategy[Json] = st.recursive(
    scalars | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
SAMPLES: Mapping[str, tuple[tuple[str, Json], ...]] = {
    "github": (
        ("push", test_github.push()),
        ("pull_request", test_github.pull("closed", merged=True)),
        ("release", test_github.release()),
    ),
    "gitlab": (
        ("Push Hook", test_gitlab.push()),
        ("Merge Request Hook", test_gitlab.merge("open")),
        ("Release Hook", test_gitlab.release()),
    ),
    "bitbucket": (
        ("repo:push", test_bitbucket.cloud_push((test_bitbucket.ref("main", SHA), None))),
        ("pullrequest:updated", test_bitbucket.cloud_pull()),
    ),
    "bitbucketServer": (
        ("repo:refs_changed", test_bitbucket.server_push(test_bitbucket.server_change("main", SHA, SHA))),
        ("pr:opened", test_bitbucket.server_pull()),
    ),
    "generic": (("", {"repository": "a/b", "sha": SHA, "branch": "main", "author": {"name": "x"}}),),
}


def put(value: Json, draw: Callable[[st.SearchStrategy[Json]], Json]) -> Json:
    """The same payload with something else at one place."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else list(range(len(value)))))
        changed = copy.copy(value)
        changed[key] = put(value[key], draw)
        return changed
    return draw(scalars | st.just([]) | st.just({}))


def read(sender: str, headers: dict[str, str], body: bytes, secret: str) -> Delivery | RefusedDelivery:
    try:
        return PROVIDERS[SENDERS[sender][0]].read(headers, body, Secret(secret), NOW)
    except RefusedDelivery as refused:
        return refused


def answered(sender: str, headers: Sender, event: str, payload: Json, secret: str) -> Delivery | RefusedDelivery:
    body = json.dumps(payload).encode()
    return read(sender, headers(event, body, secret), body, secret)


@pytest.mark.parametrize("sender", SENDERS)
@settings(max_examples=25)  # of each sender
@given(st.data())
def test_whatever_comes_signed_is_taken_or_refused(sender: str, data: st.DataObject) -> None:
    _, headers, secret = SENDERS[sender]
    body = data.draw(st.binary(max_size=40) | payloads.map(lambda value: json.dumps(value).encode()))
    answer = read(sender, headers(data.draw(st.sampled_from(EVENTS)), body, secret), body, secret)
    assert isinstance(answer, Delivery) or answer.status == 400


@pytest.mark.parametrize("sender", SENDERS)
@settings(max_examples=25)  # of each sender
@given(st.data())
def test_a_delivery_with_something_else_in_one_place_is_taken_or_refused(sender: str, data: st.DataObject) -> None:
    provider, headers, secret = SENDERS[sender]
    event, sample = data.draw(st.sampled_from(SAMPLES[provider]))
    assert isinstance(answered(sender, headers, event, sample, secret), Delivery)
    answer = answered(sender, headers, event, put(sample, data.draw), secret)
    assert isinstance(answer, Delivery) or answer.status == 400


@pytest.mark.parametrize("sender", SENDERS)
@settings(max_examples=25)  # of each sender
@given(st.data())
def test_whatever_comes_unsigned_is_refused_with_the_same_answer(sender: str, data: st.DataObject) -> None:
    _, headers, secret = SENDERS[sender]
    body = data.draw(st.binary(max_size=20))
    text = st.text(st.characters(exclude_categories=[]), max_size=10)  # half surrogate pairs too
    wrong = {name: data.draw(text) for name in headers("push", body, secret)}
    answer = read(sender, wrong, body, secret)
    assert isinstance(answer, RefusedDelivery)
    assert (answer.status, str(answer)) == (401, "the delivery is not signed with the secret that is set for it here")


@pytest.mark.parametrize("sender", SENDERS)
def test_a_wrong_secret_no_secret_and_another_body_are_refused_alike(sender: str) -> None:
    _, headers, secret = SENDERS[sender]
    right = headers("push", b"{}", secret)
    signed = any("signature" in name.lower() for name in right)
    other = "whsec_AAAA" if secret.startswith("whsec_") else "other"
    answers = [
        read(sender, headers("push", b"{}", other), b"{}", secret),
        read(sender, {}, b"{}", secret),
        read(sender, right, b"{}", ""),
        read(sender, headers("push", b"{}", "whsec_" if secret.startswith("whsec_") else ""), b"{}", ""),
        *([read(sender, right, b"[]", secret)] if signed else []),
    ]
    assert [isinstance(answer, RefusedDelivery) and answer.status for answer in answers] == [401] * len(answers)
    assert len({str(answer) for answer in answers}) == 1


@pytest.mark.parametrize("sender", SENDERS)
def test_the_names_of_headers_count_in_any_case(sender: str) -> None:
    _, headers, secret = SENDERS[sender]
    shouted = {name.upper(): value for name, value in headers("nothing", b"1", secret).items()}
    answer = read(sender, shouted, b"1", secret)
    assert isinstance(answer, Delivery) or answer.status == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'"\xed\xa0\x80"', b'"\\ud800"', b"[" * 100_000, b"NaN", b"1" * 9999]
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    _, headers, secret = SENDERS["github"]
    answer = read("github", headers("push", body, secret), body, secret)
    assert isinstance(answer, RefusedDelivery)
    assert (answer.status, str(answer)) == (400, "the body is not JSON")


def test_any_program_can_tell_of_a_commit() -> None:
    delivery = deliver(
        "generic, signed", "", {"repository": "acme/shop", "branch": "main", "sha": SHA, "before": "cd" * 20}
    )
    (event,) = delivery.events
    assert (event.kind, event.repository.full_name, event.branch, event.sha) == (
        EventKind.COMMIT,
        "acme/shop",
        "main",
        SHA,
    )


def test_any_program_can_tell_of_a_pull_request_and_of_a_release() -> None:
    told = {
        "repository": "acme/shop",
        "kind": "pull_request",
        "number": 7,
        "branch": "main",
        "head": "plums",
        "sha": SHA,
    }
    (pull,) = deliver("generic, bearer", "", told).events
    assert pull.pull_request is not None
    assert (pull.pull_request.base, pull.pull_request.head, pull.pull_request.number) == ("main", "plums", 7)
    (release,) = deliver("generic, bearer", "", {"repository": "acme/shop", "kind": "release", "tag": "v1"}).events
    assert release.release is not None
    assert (release.release.name, release.sha) == ("v1", "")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"repository": "a/b", "branch": "x"}, "this is no event: a commit is 7 to 64 hexadecimal digits"),
        (
            {"repository": "a/b", "sha": SHA, "before": "--x"},
            "this is no event: a commit is 7 to 64 hexadecimal digits",
        ),
        ({"repository": "a/b", "kind": "comment"}, "this is no event: Invalid enum value 'comment'"),
        ({"repository": "a/b", "bransh": "x"}, "this is no event: Object contains unknown field `bransh`"),
    ],
)
def test_a_mistake_in_an_own_event_is_told(told: Json, reason: str) -> None:
    with pytest.raises(RefusedDelivery) as refused:
        deliver("generic, bearer", "", told)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signed_time_far_from_the_clock_is_refused(minutes: int) -> None:
    when = NOW + timedelta(minutes=minutes)
    headers = generic("", b"{}", SECRET, str(int(when.timestamp())))
    answer = read("generic, signed", headers, b"{}", SECRET)
    assert isinstance(answer, RefusedDelivery)
    assert answer.status == 401


def test_a_signed_event_is_the_same_for_its_time_and_body_and_a_bearers_for_its_id() -> None:
    ping = {"repository": "a/b", "kind": "ping"}
    assert deliver("generic, signed", "", ping).replay_key == deliver("generic, signed", "", ping).replay_key
    assert deliver("generic, bearer", "", ping).replay_key == "generic:b-1"
    body = json.dumps(ping).encode()
    unnamed = PROVIDERS["generic"].read({"authorization": f"bearer {SECRET}"}, body, Secret(SECRET), NOW)
    assert unnamed.replay_key is None
