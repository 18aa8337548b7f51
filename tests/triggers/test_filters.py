"""Which events make a version of a gitRepo, rule by rule."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.model import Data
from runner.triggers.addresses import full_name, masked
from runner.triggers.git_events import GitEvent
from runner.triggers.git_repo import accepts
from runner.triggers.wildcards import matches
from tests.triggers.events import CLOSED, COMMIT, PULL_REQUEST, RELEASE, TAG, options


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (COMMIT, "buildOnCommit"),
        (PULL_REQUEST, "buildOnPullRequest"),
        (CLOSED, "buildOnPullRequestClose"),
        (TAG, "buildOnTagPush"),
        (RELEASE, "buildOnRelease"),
    ],
)
def test_each_kind_of_event_has_its_switch(event: GitEvent, key: str) -> None:
    assert accepts(options(**{key: True}), event) is None
    assert accepts(options(**{key: "on"}), event) is None
    assert accepts(options(**{key: "off"}), event) == f"{key} is off"
    assert accepts(options(), event) == (None if event is COMMIT else f"{key} is off")


@pytest.mark.parametrize(
    ("source", "same"),
    [
        ("acme/shop", True),
        ("ACME/Shop", True),
        ("acme/shops", False),
        ("git@github.com:acme/shop.git", True),
        ("ssh://git@github.com:22/acme/shop", True),
        ("https://someone@github.com/acme/shop", True),
        ("https://gitlab.com/acme/shop", False),
        ("/srv/git/shop", False),
    ],
)
def test_the_name_of_the_repository_counts_in_any_case_and_by_any_address(source: str, same: bool) -> None:
    reason = accepts(options(sourceName=source), COMMIT)
    assert reason is None if same else reason == f"it follows {source}, not Acme/Shop"


@pytest.mark.parametrize(
    ("content", "branch", "taken"),
    [
        ({}, "anything", True),
        ({"branch": "main"}, "main", True),
        ({"branch": "main"}, "main2", False),
        ({"branch": 2}, "2", True),
        ({"branches": {"only": ("main", "release/*")}}, "release/1/2", True),
        ({"branches": {"only": ("main", "release/*")}}, "releases", False),
        ({"branches": {"except": "wip*"}}, "wip-7", False),
        ({"branches": {"except": "wip*"}}, "main", True),
        ({"branches": {"only": ("feat*",), "except": ("feat-x",)}}, "feat-x", False),
        ({"branches": {"only": (("a", "b"),)}}, "b", True),
        ({"branches": {"only": ("m.in",)}}, "main", False),
        ({"branches": {"only": ("[m]ain", "ma?n")}}, "main", False),
        ({"branches": {"only": ("Main",)}}, "main", False),
        ({"branches": {"only": None}}, "main", True),
    ],
)
def test_branches_are_filtered_by_wildcards_only(content: dict[str, Data], branch: str, taken: bool) -> None:
    reason = accepts(options(**content), replace(COMMIT, branch=branch))
    assert reason is None if taken else reason is not None and reason.startswith(f"branch {branch} is not among")


def test_the_base_of_a_pull_request_is_what_the_branch_filter_sees() -> None:
    assert accepts(options(buildOnPullRequest=True, branch="main"), PULL_REQUEST) is None
    assert accepts(options(buildOnPullRequest=True, branch="plums"), PULL_REQUEST) == (
        "branch main is not among its branches (plums)"
    )


@pytest.mark.parametrize(("event", "key"), [(TAG, "buildOnTagPush"), (RELEASE, "buildOnRelease")])
def test_tags_and_releases_have_their_own_filter_and_no_branch(event: GitEvent, key: str) -> None:
    switch: dict[str, Data] = {key: True}
    assert accepts(options(branch="main", **switch), event) is None
    assert accepts(options(tags={"only": ("v*",)}, **switch), event) is None
    assert accepts(options(tags={"only": ("v*",), "except": ("v1.2*",)}, **switch), event) == (
        "tag v1.2 is not among its tags (only v*, except v1.2*)"
    )


@pytest.mark.parametrize("message", ["Fix [skip ci]", "[CI SKIP] typo\n\nmore"])
def test_a_message_can_ask_for_no_job(message: str) -> None:
    for event in (COMMIT, PULL_REQUEST):
        reason = accepts(options(buildOnPullRequest=True), replace(event, message=message))
        assert reason is not None
        assert reason.startswith("its message says [")


def test_a_tag_is_taken_whatever_the_message_of_its_commit_says() -> None:
    assert accepts(options(buildOnTagPush=True), replace(TAG, message="Release [skip ci]")) is None


@pytest.mark.parametrize(
    ("path", "pipeline"),
    [
        ("shippable.yml", True),
        ("deep/er/web.shippable.yml", True),
        ("ops/shippable.jobs.yml", True),
        ("shippable.resources.yml", True),
        ("shippable.triggers.yml", True),
        ("shippable.yml.example", False),
        ("shippable.yml/notes", False),
        ("shippable.jobs.yaml", True),
        ("shippable.jobs.json", False),
    ],
)
def test_a_push_that_changes_a_pipeline_file_starts_nothing_through_the_repository(path: str, pipeline: bool) -> None:
    reason = accepts(options(), replace(COMMIT, changed_files=("a.py", path)))
    assert reason == (f"it changes the pipeline file {path}" if pipeline else None)


def test_what_a_push_changes_may_be_unknown() -> None:
    assert accepts(options(), replace(COMMIT, changed_files=None)) is None


def test_a_branch_or_tag_that_is_gone_makes_no_version() -> None:
    assert accepts(options(), replace(COMMIT, deleted=True)) == "branch main was deleted"
    assert accepts(options(buildOnTagPush=True), replace(TAG, deleted=True)) == "tag v1.2 was deleted"


@given(st.text("ab/*", max_size=8), st.text("ab/", max_size=8))
def test_a_star_stands_for_any_text_and_nothing_else_does(pattern: str, name: str) -> None:
    wanted = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
    assert matches(pattern, name) is wanted


def test_options_that_a_placeholder_stands_for_count_as_absent() -> None:
    read = options(buildOnCommit="$SURE", depth="$DEPTH", gitConfig="user.name=x")
    assert (read.on_commit, read.depth, read.git_config) == (True, None, ("user.name=x",))
    assert options(depth=3).depth == options(depth="3").depth == 3


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://x.test/group/sub/name.git", "group/sub/name"),
        ("git@x.test:org/name.git", "org/name"),
        ("file:///srv/git/name", "srv/git/name"),
        ("org/name", "org/name"),
    ],
)
def test_an_address_has_a_full_name(address: str, name: str) -> None:
    assert full_name(address) == name


def test_passwords_in_addresses_are_not_shown() -> None:
    assert masked("fetch https://me:pw@x.test/a failed") == "fetch https://****@x.test/a failed"
