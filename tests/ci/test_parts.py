"""Rules that need no process: the end of a run, branch filters, what an address says of a repository, the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.cli.build_names import split_name
from runner.errors import UsageError
from runner.pipeline.ci.model import Branches, Sections
from runner.service.ci.cache import Cache, drop
from runner.service.ci.checkout import place_of
from runner.service.ci.filters import resets_cache, skipped
from runner.service.ci.outcome import ItemEnd, outcome
from runner.workspace.ci import Commit

COMMIT = Commit(
    top=Path("/home/dev/shop"), sha="b" * 40, parent="a" * 40, branch="master", message="m", author="A", committer="C"
)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ("success success", "success"),
        ("success failure?", "success"),
        ("success timeout? error?", "success"),
        ("success unstable", "unstable"),
        ("unstable failure?", "unstable"),
        ("unstable? success", "unstable"),
        ("unstable failure", "failure"),
        ("success timeout", "failure"),
        ("success error", "failure"),
        ("cancelled failure", "failure"),
        ("cancelled success", "cancelled"),
        ("", "success"),
    ],
)
def test_the_ends_of_the_items_make_the_end_of_the_run(statuses: str, status: str) -> None:
    ends = [ItemEnd(f"j/1.{n}", word.rstrip("?"), word.endswith("?")) for n, word in enumerate(statuses.split(), 1)]
    assert outcome(ends)[0] == status


def test_the_reason_names_the_items_that_failed() -> None:
    ends = [ItemEnd("j/1.1", "failure"), ItemEnd("j/1.2", "failure", True), ItemEnd("j/1.3", "timeout")]
    assert outcome(ends) == ("failure", "j/1.1 ended with failure, j/1.3 ended with timeout")


@pytest.mark.parametrize(
    ("branches", "branch", "built"),
    [
        (Branches(), "x", True),
        (Branches(("master",)), "master", True),
        (Branches(("master",)), "masters", False),
        (Branches(("feat*",)), "feature/x", True),
        (Branches(("release/*",)), "release/1.0", True),
        (Branches((), ("old*",)), "older", False),
        (Branches(("feat*",), ("feat-x",)), "feat-x", False),
    ],
)
def test_the_branch_filter_takes_wildcards(branches: Branches, branch: str, built: bool) -> None:
    assert (skipped(replace(COMMIT, branch=branch), branches) is None) == built


@pytest.mark.parametrize("message", ["x [skip ci]", "[ci skip] y", "[Skip CI]"])
def test_a_message_may_ask_for_no_build(message: str) -> None:
    assert "its message says" in (skipped(replace(COMMIT, message=message), Branches()) or "")


@pytest.mark.parametrize("words", ["[reset cache]", "[reset_cache]", "[cache reset]", "[cache_reset]"])
def test_a_message_may_ask_for_a_new_cache(words: str) -> None:
    assert resets_cache(replace(COMMIT, message=f"fix {words}"))
    assert not resets_cache(COMMIT)


@pytest.mark.parametrize(
    ("url", "full_name", "host", "job"),
    [
        ("https://github.com/acme/site.com.git", "acme/site.com", "github.com", "sitecom_runCI"),
        ("https://user:pw@github.com/acme/shop", "acme/shop", "github.com", "shop_runCI"),
        ("git@github.com:acme/my-shop_1.git", "acme/my-shop_1", "github.com", "my-shop_1_runCI"),
        ("ssh://git@host:22/group/sub/shop/", "sub/shop", "host", "shop_runCI"),
        ("/srv/git/acme/shop.git", "acme/shop", "", "shop_runCI"),
        ("", "shop", "", "shop_runCI"),
    ],
)
def test_the_address_says_the_name_of_the_repository(url: str, full_name: str, host: str, job: str) -> None:
    commit = replace(COMMIT, url=url)
    assert (commit.full_name, commit.host, commit.job) == (full_name, host, job)
    assert "pw" not in commit.shown_url


def test_the_clone_stands_as_below_a_gopath() -> None:
    assert place_of(replace(COMMIT, url="git@h:a/b"), Path("/w")) == Path("/w/src/h/a/b")
    assert place_of(replace(COMMIT, url="git@h:../.."), Path("/w")) == Path("/w/src/h")
    assert place_of(COMMIT, Path("/w")) == Path("/w/src/shop")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("j/3", ("j", 3)), ("j", ("j", None)), ("j/3.2", ("j/2", 3)), ("a.b/3", ("a.b", 3)), ("a.b", ("a.b", None))],
)
def test_an_item_is_named_by_its_number(text: str, meant: tuple[str, int | None]) -> None:
    assert split_name(text) == meant


@pytest.mark.parametrize("text", ["j/3.", "j/.1", "j/3.x", "j/1.2.3", "/1"])
def test_what_names_no_build_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        split_name(text)


async def test_the_cache_brings_files_back_and_leaves_those_of_the_commit(tmp_path: Path) -> None:
    kept, first, second = tmp_path / "kept", tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        (place / ".git").mkdir(parents=True)
    (first / "file").write_text("old")
    (first / "made").write_text("made")
    (first / ".git" / "x").write_text("x")
    said: list[str] = []
    await Cache.of(Sections(cache=True), kept, first, {}).save(said.append)
    (second / "file").write_text("new")
    await Cache.of(Sections(cache=True), kept, second, {}).restore(said.append)
    assert ((second / "file").read_text(), (second / "made").read_text()) == ("new", "made")
    assert not (second / ".git" / "x").exists()
    assert [text.split(" ")[1] for text in said] == ["saved", "restored"]
    assert list(kept.iterdir()) == [kept / "build.tar"]
    assert (drop(kept), drop(kept)) == (True, False)


async def test_of_a_list_only_what_is_named_is_kept_and_what_is_elsewhere_stays_there(tmp_path: Path) -> None:
    kept, copy = tmp_path / "kept", tmp_path / "copy"
    (copy / "a" / "b").mkdir(parents=True)
    (copy / "c").mkdir()
    build = Sections(cache_dirs=("$SHIPPABLE_BUILD_DIR/a", "none", "$HOME/.m2", "../x"))
    cache = Cache.of(build, kept, copy, {"SHIPPABLE_BUILD_DIR": str(copy), "HOME": "/home/dev"})
    assert cache.paths == ("a", "none")
    said: list[str] = []
    await cache.save(said.append)
    other = replace(cache, copy=tmp_path / "other")
    other.copy.mkdir()
    await other.restore(said.append)
    assert sorted(path.name for path in other.copy.rglob("*")) == ["a", "b"]
    assert "cache: /home/dev/.m2 is not in the build directory: it stays on this host as it is" in said
