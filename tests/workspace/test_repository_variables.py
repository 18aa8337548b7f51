"""The variables of a gitRepo, each from its place in the version."""

from __future__ import annotations

import pytest

from runner.pipeline.plain import Json
from runner.workspace.repository import repository_variables

DATA: dict[str, Json] = {
    "commitSha": "abc", "beforeCommitSha": "aab", "branchName": "main",
    "baseCommitRef": "base", "headCommitRef": "head",
    "commitMessage": "costs $5", "isGitTag": True, "gitTagName": "v1", "isRelease": False,
    "releaseName": "", "releasedAt": None,
    "isPullRequest": True, "isPullRequestClose": False, "pullRequestNumber": 7, "pullRequestRepoFullName": "kim/shop",
    "committer": {"displayName": "Kim Lee", "email": "kim@acme.test"}, "commitUrl": "https://review.test/7",
}  # fmt: skip
FACTS: dict[str, Json] = {
    "repositorySshUrl": "git@host:a/b.git", "repositoryHttpsUrl": "https://host/a/b.git", "isFork": False,
    "fullName": "a/b", "repositoryProvider": "github",
}  # fmt: skip
GERRIT: dict[str, Json] = {
    "eventType": "patchset-created", "changeId": "I1", "patchSetNumber": 2, "changeSubject": "Sell pears",
    "changeOwner": {"displayName": "Ann", "email": "ann@acme.test"},
    "triggeredBy": {"displayName": "Bob", "email": "b@x"},
    "lastAuthor": {"displayName": "Cy", "email": "c@x"}, "providerDomain": "review.test", "providerSshPort": 29418,
    "providerUrl": "https://review.test",
}  # fmt: skip


def variables(data: dict[str, Json], **facts: Json) -> dict[str, str]:
    bag: dict[str, Json] = {"shaData": data, "normalizedRepo": {**FACTS, **facts}, "sourceName": "a/b"}
    return dict(repository_variables(bag, "/b/secrets/r_key.pem"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BRANCH", "main"), ("BASE_BRANCH", "base"), ("HEAD_BRANCH", "head"), ("PULL_REQUEST", "7"), ("COMMIT", "abc"),
        ("COMMITTER", "Kim Lee"), ("COMMIT_MESSAGE", "costs $5"), ("IS_GIT_TAG", "true"), ("GIT_TAG_NAME", "v1"),
        ("IS_RELEASE", "false"), ("RELEASE_NAME", ""), ("RELEASED_AT", ""), ("IS_PULL_REQUEST", "true"),
        ("IS_PULL_REQUEST_CLOSE", "false"), ("PULL_REQUEST_REPO_FULL_NAME", "kim/shop"),
        ("KEYPATH", "/b/secrets/r_key.pem"), ("SSH_URL", "git@host:a/b.git"), ("HTTPS_URL", "https://host/a/b.git"),
        ("IS_FORK", "false"), ("REPO_FULL_NAME", "a/b"),
    ],
)  # fmt: skip
def test_the_commit_and_the_repository_are_variables(name: str, value: str) -> None:
    assert variables(DATA)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVENT_TYPE", "patchset-created"), ("BRANCH", "main"), ("CHANGE_NUMBER", "7"), ("CHANGE_ID", "I1"),
        ("PATCHSET_NUMBER", "2"), ("PATCHSET_REVISION", "abc"), ("REFSPEC", "base"), ("PROJECT", "a/b"),
        ("CHANGE_SUBJECT", "Sell pears"), ("CHANGE_COMMIT_MESSAGE", "costs $5"), ("CHANGE_URL", "https://review.test/7"),
        ("HOST", "review.test"), ("PORT", "29418"), ("REST_URL", "https://review.test"),
        ("CHANGE_OWNER", '"Ann" <ann@acme.test>'), ("CHANGE_OWNER_NAME", "Ann"),
        ("CHANGE_OWNER_EMAIL", "ann@acme.test"),
        ("CHANGE_UPLOADER", '"Bob" <b@x>'), ("CHANGE_UPLOADER_NAME", "Bob"), ("CHANGE_UPLOADER_EMAIL", "b@x"),
        ("PATCHSET_UPLOADER", '"Cy" <c@x>'), ("PATCHSET_UPLOADER_NAME", "Cy"), ("PATCHSET_UPLOADER_EMAIL", "c@x"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("provider", ["gerrit", "gerritBasic"])
def test_a_change_of_gerrit_has_more(provider: str, name: str, value: str) -> None:
    assert variables({**DATA, **GERRIT}, repositoryProvider=provider)[f"GERRIT_{name}"] == value
    assert f"GERRIT_{name}" not in variables({**DATA, **GERRIT})


def test_no_pull_request_is_false_and_nobody_is_empty() -> None:
    found = variables({"commitSha": "abc"}, repositoryProvider="gerrit")
    assert (found["PULL_REQUEST"], found["COMMITTER"], found["GERRIT_CHANGE_OWNER"]) == ("false", "", "")


@pytest.mark.parametrize("bag", [{}, {"shaData": None}, {"normalizedRepo": FACTS}])
def test_a_version_without_a_commit_has_none_of_them(bag: dict[str, Json]) -> None:
    assert dict(repository_variables(bag, "/x")) == {}
