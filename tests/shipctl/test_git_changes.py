"""`shipctl get_git_changes`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.shipctl.conftest import Answer, Inside, Job

FILES = ("a/b/one", "a/b/two", "a/c/three", "top", "-rf $(touch pwned)", "d/`x`")
CHANGED = "-rf $(touch pwned)\na/b/one\na/b/two\na/c/three\nd/`x`\ntop\n"


def _git(place: Path, *words: str) -> str:
    identity = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(
        ["git", "-C", place, *words], env=environ, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A repository with two commits, and their names."""
    place = tmp_path_factory.mktemp("changes")
    _git(place, "init", "-q", "-b", "main")
    _git(place, "commit", "-q", "--allow-empty", "-m", "one")
    for name in FILES:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name * 10)
    _git(place, "add", ".")
    _git(place, "commit", "-q", "-m", "two")
    _git(place, "update-ref", "refs/remotes/origin/main", "HEAD^")
    return place, _git(place, "rev-parse", "HEAD^"), _git(place, "rev-parse", "HEAD")


ROWS = [
    ([], CHANGED),
    (["--depth=1"], "-rf $(touch pwned)\na\nd\ntop\n"),
    (["--depth=2"], "\nb\nc\n`x`\n"),
    (["--depth=3"], "\none\ntwo\nthree\n"),
    (["--depth=9"], "\n"),
    (["--depth=0"], CHANGED),
    (["--directories-only"], "a/b/\na/c/\nd/\n"),
    (["--directories-only", "--depth=1"], "a\nd\n"),
    (["--commit-range=HEAD..HEAD"], "\n"),
    (["--unknown=x"], CHANGED),
]


@pytest.mark.parametrize(("options", "expected"), ROWS, ids=[" ".join(row[0]) or "none" for row in ROWS])
def test_what_a_range_of_commits_changed_is_printed(
    inside: Inside, repository: tuple[Path, str, str], options: list[str], expected: str
) -> None:
    place, before, now = repository
    commits = {"SHIPPABLE_COMMIT_RANGE": f"{before}..{now}"}
    assert inside("get_git_changes", f"--path={place}", *options, **commits) == Answer(0, expected)


@pytest.mark.parametrize("pull_request", [True, False])
def test_the_range_of_a_resource_is_that_of_its_version(
    job: Job, inside: Inside, repository: tuple[Path, str, str], pull_request: bool
) -> None:
    place, before, now = repository
    data = {"commitSha": now} if pull_request else {"commitSha": now, "beforeCommitSha": before}
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": {"shaData": data}}})
    environ = {"MYREPO_STATE": str(place), "MYREPO_IS_PULL_REQUEST": str(pull_request).lower()}
    answer = inside("get_git_changes", "--resource=my-repo", **environ, MYREPO_BASE_BRANCH="main")
    assert answer == Answer(0, CHANGED)


def test_a_work_tree_of_another_repository_is_one_too(
    inside: Inside, repository: tuple[Path, str, str], tmp_path: Path
) -> None:
    _git(repository[0], "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    answer = inside("get_git_changes", f"--path={tmp_path}/tree", "--commit-range=HEAD^..HEAD")
    assert answer == Answer(0, CHANGED)


REFUSED = [
    (["--depth=1"], "Usage: shipctl get_git_changes [--path|--resource]"),
    (["--path="], "Usage: shipctl get_git_changes [--path|--resource]"),
    (["--path=no/where"], "git repository not found at path: no/where"),
    (["--resource=no-such"], "git repository not found at path: "),
    (["--path=@"], "Unknown commit range. use --commit-range."),
    (["--path=@", "--depth=x"], "shipctl: --depth wants a number, not 'x'"),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED, ids=[" ".join(row[0]) for row in REFUSED])
def test_a_wrong_call_is_refused(
    inside: Inside, repository: tuple[Path, str, str], call: list[str], sentence: str
) -> None:
    words = [word.replace("@", str(repository[0])) for word in call]
    assert inside("get_git_changes", *words, SHIPPABLE_COMMIT_RANGE="") == Answer(99, f"{sentence}\n")


def test_the_first_version_of_a_resource_has_no_range(
    job: Job, inside: Inside, repository: tuple[Path, str, str]
) -> None:
    job.write("IN/my-repo/version.json", {"version": {"propertyBag": {"shaData": {"commitSha": "c"}}}})
    answer = inside("get_git_changes", "--resource=my-repo", MYREPO_STATE=str(repository[0]))
    assert answer == Answer(99, "Unknown commit range. use --commit-range.\n")


@pytest.mark.parametrize("commits", ["nothing..HEAD", "--output=pwned", "$(touch pwned)"])
def test_a_range_that_git_does_not_know_is_status_128(
    inside: Inside, repository: tuple[Path, str, str], commits: str
) -> None:
    answer = inside("get_git_changes", f"--path={repository[0]}", f"--commit-range={commits}")
    assert (answer.status, answer.out) == (128, "")
    assert answer.err.startswith("fatal: ")
    assert not (repository[0] / "pwned").exists()
