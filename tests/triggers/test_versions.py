"""What the version of a gitRepo holds after an event."""

from __future__ import annotations

from dataclasses import replace

from runner.triggers.git_version import LONGEST_MESSAGE, version_of
from tests.triggers.events import BEFORE, COMMIT, PULL_REQUEST, RELEASE, SHA, TAG


def test_a_version_is_named_after_its_commit_and_keeps_what_the_file_says() -> None:
    name, bag = version_of(COMMIT, {"sourceName": "acme/shop", "branch": "main"})
    assert name == bag["shaData"]["commitSha"] == SHA
    assert (bag["sourceName"], bag["branch"]) == ("acme/shop", "main")


def test_a_commit_has_the_names_that_scripts_read() -> None:
    sha_data = version_of(COMMIT)[1]["shaData"]
    assert sha_data["branchName"] == "main"
    assert sha_data["beforeCommitSha"] == BEFORE
    assert sha_data["commitMessage"] == "Sell pears"
    assert sha_data["committer"] == {"login": "kim", "email": "kim@acme.test", "displayName": "Kim Lee"}
    assert sha_data["lastAuthor"]["displayName"] == "Ada"
    assert not any(sha_data[key] for key in ("isPullRequest", "isPullRequestClose", "isGitTag", "isRelease"))
    assert sha_data["pullRequestNumber"] is None


def test_a_pull_request_tells_base_head_and_number() -> None:
    sha_data = version_of(PULL_REQUEST)[1]["shaData"]
    assert sha_data["isPullRequest"]
    assert sha_data["isForkedPullRequest"]
    assert (sha_data["pullRequestNumber"], sha_data["baseCommitRef"], sha_data["headCommitRef"]) == (7, "main", "plums")
    assert (sha_data["pullRequestBaseBranch"], sha_data["pullRequestRepoFullName"]) == ("main", "kim/shop")


def test_tags_and_releases_tell_the_tag() -> None:
    tag, release = version_of(TAG)[1]["shaData"], version_of(RELEASE)[1]["shaData"]
    assert (tag["isGitTag"], tag["isRelease"], tag["gitTagName"]) == (True, False, "v1.2")
    assert (release["isGitTag"], release["isRelease"], release["gitTagName"]) == (False, True, "v1.2")
    assert (release["releaseName"], release["isPrerelease"], release["releasedAt"]) == (
        "Autumn",
        True,
        "2026-03-02T12:00:00Z",
    )


def test_a_release_whose_commit_nobody_told_is_named_after_its_tag() -> None:
    assert version_of(RELEASE)[0] == "v1.2"
    assert version_of(replace(RELEASE, sha=SHA))[0] == SHA


def test_the_repository_has_the_platforms_names() -> None:
    assert version_of(COMMIT)[1]["normalizedRepo"] == {
        "repositoryProvider": "github",
        "fullName": "Acme/Shop",
        "repositorySshUrl": "git@github.com:Acme/Shop.git",
        "repositoryHttpsUrl": "https://github.com/Acme/Shop.git",
        "isPrivateRepository": False,
        "isFork": False,
    }


def test_what_becomes_a_variable_fits_into_one() -> None:
    sha_data = version_of(replace(COMMIT, message="a\0b" * LONGEST_MESSAGE))[1]["shaData"]
    assert "\0" not in sha_data["commitMessage"]
    assert len(sha_data["commitMessage"]) <= LONGEST_MESSAGE
