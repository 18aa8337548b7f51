"""Watching a repository: fetching, reading its pipeline files, what changed, and what cannot be had."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.integrations.git_access import Login
from runner.secret import Secret
from runner.service.checkout import Checkout
from runner.service.git import Git, GitError, Remote
from runner.service.refs import Refs, first_head, head, read_refs, tag_commit
from runner.triggers import git_events
from tests.triggers.events import options
from tests.triggers.https_repositories import https_server
from tests.triggers.repositories import GIT, Repository

HERE = git_events.Repository(provider="git", full_name="acme/shop")


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


@pytest.fixture
def checkout(tmp_path: Path, shop: Repository) -> Checkout:
    return Checkout(git=GIT, directory=tmp_path / "state" / "shop", remote=shop.remote, branch="main")


async def test_a_fetch_gives_the_newest_commit_each_time(shop: Repository, checkout: Checkout) -> None:
    for message in ("one", "two"):
        sha = shop.commit(message)
        assert await checkout.fetch() == sha
    shop.git("commit", "-q", "--amend", "--allow-empty", "-m", "forced")
    assert await checkout.fetch() == shop.git("rev-parse", "HEAD")


async def test_the_pipeline_files_of_a_commit_can_be_read(shop: Repository, checkout: Checkout, tmp_path: Path) -> None:
    shop.commit(files={"shippable.yml": "jobs: []", "ops/web.shippable.yml": "jobs:", "README": "no"})
    shop.commit(files={"shippable.templates.yml": "x: &x 1", "ops/shippable.templates.yml": "no"})
    (shop.place / "link.shippable.yml").symlink_to("/etc/hostname")
    sha = shop.commit("a link")
    assert await checkout.fetch() == sha
    names = await checkout.export(sha, tmp_path / "out")
    assert sorted(names) == ["ops/web.shippable.yml", "shippable.templates.yml", "shippable.yml"]
    assert (tmp_path / "out/shippable.yml").read_text() == "jobs: []"
    assert sorted(os.listdir(tmp_path)) == ["out", "shop", "state"]  # nothing else is left


async def test_a_commit_without_pipeline_files_gives_an_empty_directory(
    shop: Repository, checkout: Checkout, tmp_path: Path
) -> None:
    sha = shop.commit()
    await checkout.fetch()
    assert await checkout.export(sha, tmp_path / "out") == ()
    assert os.listdir(tmp_path / "out") == []


async def test_what_changed_between_two_commits_is_known_without_history(shop: Repository, checkout: Checkout) -> None:
    old = shop.commit(files={"a": "1", "b": "1", "shippable.yml": "x"})
    await checkout.fetch()
    shop.commit(files={"a": "2"})
    (shop.place / "b").unlink()
    new = shop.commit(files={"näme": "3"})
    await checkout.fetch()
    assert await checkout.changed_files(old, new) == ("a", "b", "näme")
    assert await checkout.changed_files("12" * 20, new) is None


async def test_a_commit_that_is_not_here_any_more_is_brought_back_to_compare(
    shop: Repository, checkout: Checkout
) -> None:
    old = shop.commit(files={"a": "1"})
    new = shop.commit(files={"a": "2"})
    await checkout.fetch()
    assert await checkout.changed_files(old, new) == ("a",)


async def test_a_polled_commit_tells_what_a_push_would(shop: Repository, checkout: Checkout) -> None:
    old = shop.commit(files={"a": "1"})
    sha = shop.commit("Sell pears\n\nmany", {"a": "2"})
    await checkout.fetch()
    event = await checkout.commit_facts(sha, HERE, old)
    assert (event.branch, event.sha, event.base_sha, event.message) == ("main", sha, old, "Sell pears\n\nmany")
    assert (event.author.display_name, event.committer.email) == ("Ada Byrd", "kim@acme.test")
    assert event.changed_files == ("a",)


@pytest.mark.parametrize("left", ["refs/heads/main.lock", "shallow.lock", "HEAD", "objects"])
async def test_a_copy_that_a_crash_has_damaged_is_made_anew(shop: Repository, checkout: Checkout, left: str) -> None:
    shop.commit("one")
    await checkout.fetch()
    sha = shop.commit("two")
    place = checkout.directory / left
    if place.is_dir():
        place.rename(place.with_name("gone"))
    else:
        place.parent.mkdir(exist_ok=True)
        place.write_text("")
    assert await checkout.fetch() == sha


async def test_what_cannot_be_read_is_fetched_anew_the_next_time(
    shop: Repository, checkout: Checkout, tmp_path: Path
) -> None:
    sha = shop.commit(files={"shippable.yml": "jobs: []"})
    await checkout.fetch()
    for pack in (checkout.directory / "objects").rglob("*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(b"")
    for loose in (p for p in (checkout.directory / "objects").glob("??/*")):
        loose.unlink()
    with pytest.raises(GitError):
        await checkout.export(sha, tmp_path / "out")
    assert await checkout.fetch() == sha
    assert await checkout.export(sha, tmp_path / "out") == ("shippable.yml",)


async def test_an_unknown_branch_names_a_near_one_and_keeps_what_is_here(shop: Repository, checkout: Checkout) -> None:
    shop.commit()
    await checkout.fetch()
    with pytest.raises(GitError, match=r"has no branch 'mian' \(did you mean 'main'\?\)"):
        await replace(checkout, branch="mian").fetch()
    assert (checkout.directory / "HEAD").exists()


@pytest.mark.parametrize("branch", ["*", "a:b", "", "-x", "a b"])
async def test_a_branch_that_cannot_be_one_is_unknown(shop: Repository, checkout: Checkout, branch: str) -> None:
    shop.commit()
    with pytest.raises(GitError, match="has no branch"):
        await replace(checkout, branch=branch).fetch()


async def test_a_certificate_of_an_authority_that_git_does_not_know_is_told_with_what_to_do(tmp_path: Path) -> None:
    with https_server(tmp_path) as server, pytest.raises(GitError) as refused:
        await head(GIT, Remote.of(f"{server.url}/a.git"), "main")
    assert "name the certificate of its authority as http.sslCAInfo" in str(refused.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/nowhere/at/all", "does not appear to be a git repository"),
        ("ext::sh -c true", "transport 'ext' not allowed"),
        ("--upload-pack=touch x", "blocked"),
        ("http://127.0.0.1:1/a", "transport 'http' not allowed"),
        ("https://me:s3cret@127.0.0.1:1/a", "unable to access 'https://127.0.0.1:1/a/'"),
        ("ssh://me@127.0.0.1:1/a", "Could not read from remote repository"),
    ],
)
async def test_what_cannot_be_reached_is_one_sentence_without_a_password(
    tmp_path: Path, address: str, said: str
) -> None:
    with pytest.raises(GitError) as refused:
        await head(GIT, Remote.of(address), "main")
    text = str(refused.value)
    assert said in text
    assert "s3cret" not in text
    assert "\n" not in text


async def test_an_empty_repository_says_so(shop: Repository) -> None:
    with pytest.raises(GitError, match="has no commits yet: push a branch first"):
        await head(GIT, shop.remote)


async def test_the_default_branch_is_the_one_that_head_names(shop: Repository) -> None:
    sha = shop.commit()
    shop.git("branch", "other")
    assert (await head(GIT, shop.remote)).branch == "main"
    assert (await head(GIT, shop.remote, "other")).sha == sha


async def test_all_branches_and_tags_are_known_by_their_commits(shop: Repository) -> None:
    sha = shop.commit()
    shop.git("branch", "wip/x")
    shop.git("tag", "light")
    shop.git("tag", "-a", "-m", "x", "heavy")
    assert await read_refs(GIT, shop.remote) == Refs(
        branches={"main": sha, "wip/x": sha}, tags={"light": sha, "heavy": sha}, default="main"
    )
    assert await tag_commit(GIT, shop.remote, "heavy") == sha
    with pytest.raises(GitError, match=r"has no tag 'lihgt' \(did you mean 'light'\?\)"):
        await tag_commit(GIT, shop.remote, "lihgt")


def test_the_first_version_is_of_the_branch_that_is_named_or_the_default_one() -> None:
    remote, refs = Remote("file:///x"), Refs(branches={"main": "1", "master": "2", "rel": "3"}, tags={}, default="main")
    tips = [
        first_head(options(**content), refs, remote)
        for content in (
            {},
            {"branch": "rel"},
            {"branches": {"only": ("ma*",)}},
            {"branches": {"except": "main"}},
            {"branches": {"only": "rel"}},
        )
    ]
    assert [tip and tip.branch for tip in tips] == ["main", "rel", "main", "master", None]


def test_a_password_travels_in_the_environment_and_for_its_host_only() -> None:
    remote = Remote.of("https://me:s%40cret@x.test:8443/a/b.git")
    assert (remote.url, remote.login) == ("https://x.test:8443/a/b.git", Login(user="me", password=Secret("s@cret")))
    variables = GIT.variables(remote)
    assert variables["GIT_PASSWORD"] == "s@cret"
    assert "credential.https://x.test:8443.helper" in variables.values()
    assert "s@cret" not in "".join(value for name, value in variables.items() if name != "GIT_PASSWORD")
    assert "s@cret" not in repr(remote)
    assert variables["GIT_SSH_COMMAND"] == GIT.variables()["GIT_SSH_COMMAND"]


async def test_git_gets_the_login_from_the_environment(tmp_path: Path) -> None:
    remote = Remote("https://x.test/a", Login(user="me", password=Secret('s"$x')))
    asked = b"protocol=https\nhost=x.test\npath=a\n\n"
    answer = await GIT.run("credential", "fill", remote=remote, given=asked)
    assert b"username=me\n" in answer
    assert b'password=s"$x\n' in answer
    with pytest.raises(GitError):
        await GIT.run("credential", "fill", remote=remote, given=asked.replace(b"x.test", b"other.test"))


def test_variables_that_point_git_elsewhere_are_dropped() -> None:
    git = Git(environment={"GIT_DIR": "/x", "GIT_INDEX_FILE": "/y", "GIT_SSL_CAINFO": "/z", "HOME": "/h"})
    variables = git.variables()
    assert (variables["HOME"], variables["GIT_SSL_CAINFO"]) == ("/h", "/z")
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & variables.keys()


def waiting_git(tmp_path: Path, limit: timedelta = timedelta(minutes=1)) -> Git:
    """Its command `wait` writes to the pipe `ready` and waits."""
    shell = f"!sh -c 'exec > {tmp_path / 'ready'}; echo started; sleep 600; true' #"
    (tmp_path / ".gitconfig").write_text(f'[alias]\n\twait = "{shell}"\n\tnap = "!sleep 600"\n')
    return Git(environment={**os.environ, "HOME": str(tmp_path)}, limit=limit)


async def test_a_command_that_is_cancelled_is_ended_with_all_it_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ready")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(waiting_git(tmp_path).run("wait"))
        pipe = await asyncio.to_thread((tmp_path / "ready").open)
        assert await asyncio.to_thread(pipe.readline) == "started\n"
        running.cancel()
        assert await asyncio.to_thread(pipe.read) == ""  # nobody holds it any more
        pipe.close()


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(GitError, match=r"git nap took longer than 0:00:00.1"):
        await waiting_git(tmp_path, timedelta(milliseconds=100)).run("nap")


async def test_a_command_that_prints_too_much_is_ended(shop: Repository) -> None:
    shop.commit(files={"big": "x" * 10_000})
    with pytest.raises(GitError, match="printed more than 1000 bytes"):
        await replace(GIT, most=1000).run("show", "HEAD:big", directory=shop.place)
