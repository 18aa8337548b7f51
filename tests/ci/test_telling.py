"""Who is told of a CI build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.pipeline.ci.model import Branches, CiNotification, CiPart, When
from runner.pipeline.problems import Place
from runner.service.ci.telling import CiTelling
from runner.workspace.ci import Commit, PullRequest
from tests.ci.conftest import Checkout
from tests.ci.reading import printed, read_ci
from tests.shipctl.services import WebService, web_service

COMMIT = Commit(
    top=Path("/x"), sha="0123456789abcdef", parent="", branch="main", message="Mend it\n\nmore", author="Ann",
    committer="Bob", url="https://github.com/acme/shop.git",
)  # fmt: skip
DEFAULT = CiNotification(name=None, type="email", recipients=("a@x.example",))


def moments(entry: CiNotification, status: str, earlier: str | None, branch: str = "main") -> list[str]:
    """What is told from the start to this end."""
    commit = Commit(top=COMMIT.top, sha=COMMIT.sha, parent="", branch=branch, message="", author="", committer="")
    telling = CiTelling(part=CiPart(place=Place("f"), notifications=(entry,)), commit=commit, earlier=earlier)
    return [str(new.moment) for new in (*telling.at_start(), *telling.at_end(status))]


@pytest.mark.parametrize(
    ("status", "earlier", "told"),
    [
        ("success", None, []),
        ("success", "success", []),
        ("success", "failure", ["on_success"]),
        ("success", "unstable", ["on_success"]),
        ("success", "cancelled", ["on_success"]),
        ("failure", None, ["on_failure"]),
        ("failure", "failure", ["on_failure"]),
        ("unstable", "success", ["on_failure"]),
        ("timeout", "success", ["on_failure"]),
        ("error", "success", ["on_failure"]),
        ("cancelled", "success", ["on_cancel"]),
    ],
)
def test_without_a_word_failures_are_told_and_successes_after_them(
    status: str, earlier: str | None, told: list[str]
) -> None:
    assert moments(DEFAULT, status, earlier) == told


ALL = CiNotification(name=None, type="irc", on_start=When.ALWAYS, on_success=When.ALWAYS)
NONE = CiNotification(name=None, type="irc", on_success=When.NEVER, on_failure=When.NEVER, on_cancel=When.NEVER)
CHANGES = CiNotification(name=None, type="irc", on_failure=When.CHANGE, on_cancel=When.CHANGE)
FILTERED = CiNotification(
    name=None, type="irc", on_success=When.ALWAYS, branches=Branches(only=("rel/*", "main"), excepted=("rel/old",))
)


@pytest.mark.parametrize(
    ("entry", "status", "earlier", "branch", "told"),
    [
        (ALL, "success", "success", "main", ["on_start", "on_success"]),
        (NONE, "failure", "success", "main", []),
        (NONE, "cancelled", "success", "main", []),
        (CHANGES, "failure", "success", "main", ["on_failure"]),
        (CHANGES, "failure", None, "main", ["on_failure"]),
        (CHANGES, "timeout", "failure", "main", []),
        (CHANGES, "cancelled", "failure", "main", ["on_cancel"]),
        (CHANGES, "cancelled", "cancelled", "main", []),
        (FILTERED, "success", "success", "main", ["on_success"]),
        (FILTERED, "success", "success", "rel/1", ["on_success"]),
        (FILTERED, "success", "success", "rel/old", []),
        (FILTERED, "success", "success", "topic", []),
    ],
)
def test_an_entry_says_when_and_of_which_branches(
    entry: CiNotification, status: str, earlier: str | None, branch: str, told: list[str]
) -> None:
    assert moments(entry, status, earlier, branch) == told


@pytest.mark.parametrize(
    ("entry", "status", "told"),
    [
        (DEFAULT, "success", ["on_success"]),
        (DEFAULT, "failure", ["on_failure"]),
        (NONE, "failure", ["on_failure"]),
        (replace(DEFAULT, on_pull_request=When.NEVER), "failure", []),
        (replace(ALL, on_pull_request=When.NEVER), "failure", ["on_start"]),
    ],
)
def test_every_end_of_a_pull_request_is_told_unless_none_is(
    entry: CiNotification, status: str, told: list[str]
) -> None:
    request = PullRequest(number=3, base="main", head="topic", repository="ann/shop", from_fork=True)
    commit = replace(COMMIT, pull_request=request)
    telling = CiTelling(part=CiPart(place=Place("f"), notifications=(entry,)), commit=commit, earlier="success")
    assert [str(new.moment) for new in (*telling.at_start(), *telling.at_end(status))] == told


def test_what_was_built_is_told() -> None:
    telling = CiTelling(part=CiPart(place=Place("f"), notifications=(ALL,)), commit=COMMIT, earlier=None)
    assert [new.about for new in telling.at_start()] == ["acme/shop main at 0123456789ab (Mend it)"]


def test_an_entry_is_read_with_its_defaults() -> None:
    reading = read_ci("""
        language: none
        integrations:
          notifications:
            - {integrationName: s, type: slack, recipients: "#c", branches: {only: master}, on_failure: change}
            - type: webhook
              integrationName: hook
              payload: [A=1]
    """)
    first, second = reading.part.notifications
    assert (first.name and first.name.name, first.type, first.recipients) == ("s", "slack", ("#c",))
    assert first.branches == Branches(only=("master",))
    assert (first.on_start, first.on_success, first.on_failure, first.on_cancel, first.on_pull_request) == (
        When.NEVER, When.CHANGE, When.CHANGE, When.CHANGE, When.ALWAYS,
    )  # fmt: skip
    assert (second.on_cancel, second.payload) == (When.ALWAYS, ("A=1",))
    assert printed(reading) == []


def test_what_cannot_be_told_is_a_warning_by_name() -> None:
    reading = read_ci("""
        language: none
        integrations:
          notifications:
            - {integrationName: h, type: hipchat, recipients: "#c"}
            - {type: emial, recipients: a@x.example}
            - {type: email, recipients: [--owners, --last_committer], sendConsoleLogs: true}
    """)
    at = "warning: integrations.notifications"
    assert printed(reading) == [
        f"{at}[0].type: nothing is sent to hipchat (HipChat was shut down in 2019: use slack or webhook)",
        f"{at}[1].type: nothing is sent to 'emial' (did you mean 'email'?)",
        f"{at}[2]: sendConsoleLogs attaches nothing to an e-mail (sendFailingSnippet quotes what failed)",
        f"{at}[2].recipients: '--owners' is nobody: a checkout has no owners",
    ]
    assert reading.part.notifications[2].recipients == ("--last_committer",)


PART = """
    language: none
    build: {{ci: [exit $(cat code)]}}
    integrations:
      notifications:
        - integrationName: hook
          type: webhook
          recipients: [--last_committer]
          payload: [A=1]
"""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebService]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_service() as service:
        yield service


def test_a_failure_and_the_success_after_it_are_told(checkout: Checkout, web: WebService) -> None:
    checkout.integrations(f"- {{name: hook, type: webhookV2, webhookURL: '{web.url}/x'}}\n")
    for code in ("0", "3", "0", "00"):
        sha = checkout.commit(PART.format(), "Mend it", code=code)
        said = checkout.ci()
        assert said.code == int(code == "3")
    bodies = [json.loads(request.body) for request in web.requests]
    assert [(body["build"]["name"], body["build"]["status"]) for body in bodies] == [
        ("shop_runCI/2", "failure"),
        ("shop_runCI/3", "success"),
    ]
    assert bodies[0]["recipient"] == "ann@x"
    assert bodies[0]["payload"] == ["A=1"]
    assert bodies[0]["build"]["about"].startswith("acme/shop main at ")
    assert sha[:12] not in bodies[0]["build"]["about"]


def test_an_integration_that_is_not_there_is_a_warning_and_fails_nothing(checkout: Checkout) -> None:
    checkout.commit(PART.format(), code="3")
    said = checkout.ci()
    assert said.code == 1
    assert "names integration 'hook', which does not exist because no integrations file was found" in said.err
    assert "integrations.notifications[0] (on_failure): not told: integration 'hook' is not among" in said.out
