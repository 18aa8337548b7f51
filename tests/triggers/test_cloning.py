"""What a build finds in IN/<name>/gitRepo."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.errors import RunnerError, SetupError
from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import Data
from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.service.cloning import Clone, Wanted
from runner.service.git import Git, GitError
from runner.service.remotes import remote_of
from runner.triggers.git_version import version_of
from tests.runner_command import Project
from tests.triggers.events import COMMIT, RELEASE, TAG, options
from tests.triggers.repositories import GIT, Repository


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


class Cloned:
    """A clone that a build would have."""

    def __init__(self, shop: Repository, place: Path, **content: Data) -> None:
        place.mkdir()
        self.place = place
        self.repository = Repository.at(place)
        self.clone = Clone(git=GIT, name="repo", remote=shop.remote, target=place, options=options(**content))

    async def at(self, sha: str, **more: Json) -> Repository:
        wanted = Wanted.of({"shaData": {"commitSha": sha, **more}})
        assert wanted is not None
        await self.clone.run(wanted)
        return self.repository


async def test_a_commit_is_checked_out_with_all_branches_and_nobodys_password(shop: Repository, tmp_path: Path) -> None:
    first = shop.commit(files={"a": "1"})
    shop.commit(files={"a": "2"})
    shop.git("branch", "other")
    clone = await Cloned(shop, tmp_path / "clone").at(first)
    assert (tmp_path / "clone/a").read_text() == "1"
    assert clone.git("rev-parse", "HEAD") == first
    assert clone.git("rev-list", "--count", "origin/main") == "2"
    assert clone.git("branch", "-r", "--format=%(refname)").split() == [
        "refs/remotes/origin/main",
        "refs/remotes/origin/other",
    ]
    assert clone.git("config", "user.name") == "Shippable Build"
    assert clone.git("config", "remote.origin.url") == shop.remote.url
    assert clone.git("status", "--porcelain") == ""


async def test_a_depth_leaves_history_out(shop: Repository, tmp_path: Path) -> None:
    for number in "123":
        sha = shop.commit(files={"a": number})
    clone = await Cloned(shop, tmp_path / "clone", depth=2).at(sha)
    assert clone.git("rev-list", "--count", "HEAD") == "2"


async def test_a_commit_behind_the_depth_is_brought_all_the_same(shop: Repository, tmp_path: Path) -> None:
    old = shop.commit(files={"a": "1"})
    shop.commit(files={"a": "2"})
    await Cloned(shop, tmp_path / "clone", depth=1).at(old)
    assert (tmp_path / "clone/a").read_text() == "1"


async def test_a_pull_request_is_its_head_with_the_base_merged_into_it(shop: Repository, tmp_path: Path) -> None:
    shop.commit(files={"a": "1"})
    shop.git("checkout", "-q", "-b", "plums")
    head = shop.commit(files={"plums": "1"})
    shop.git("update-ref", "refs/pull/7/head", head)
    shop.git("checkout", "-q", "main")
    shop.git("branch", "-D", "plums")  # as with a fork: no branch has it here
    shop.commit(files={"pears": "1"})
    clone = await Cloned(shop, tmp_path / "clone").at(
        head, isPullRequest=True, pullRequestNumber=7, baseCommitRef="main"
    )
    assert {"a", "plums", "pears"} <= {path.name for path in clone.place.iterdir()}
    assert clone.git("rev-parse", "HEAD^1") == head


async def test_a_closed_pull_request_is_not_merged(shop: Repository, tmp_path: Path) -> None:
    head = shop.commit(files={"a": "1"})
    shop.commit(files={"b": "1"})
    clone = await Cloned(shop, tmp_path / "clone").at(
        head, isPullRequestClose=True, pullRequestNumber=7, baseCommitRef="main"
    )
    assert clone.git("rev-parse", "HEAD") == head


async def test_a_pull_request_that_does_not_fit_says_so(shop: Repository, tmp_path: Path) -> None:
    shop.commit(files={"a": "1"})
    shop.git("checkout", "-q", "-b", "plums")
    head = shop.commit(files={"a": "plums"})
    shop.git("checkout", "-q", "main")
    shop.commit(files={"a": "pears"})
    with pytest.raises(SetupError, match="repo: main cannot be merged into pull request 7: "):
        await Cloned(shop, tmp_path / "clone").at(head, isPullRequest=True, pullRequestNumber=7, baseCommitRef="main")


async def test_a_release_without_a_commit_is_the_commit_of_its_tag(shop: Repository, tmp_path: Path) -> None:
    sha = shop.commit()
    shop.git("tag", "-a", "-m", "x", "v1")
    shop.commit()
    clone = await Cloned(shop, tmp_path / "clone", depth=1).at("", gitTagName="v1")
    assert clone.git("rev-parse", "HEAD") == sha


async def test_a_commit_that_is_gone_is_told(shop: Repository, tmp_path: Path) -> None:
    shop.commit()
    sha = "12" * 20
    with pytest.raises(SetupError, match=f"repo: commit {sha} is not in file://.* any more: push again"):
        await Cloned(shop, tmp_path / "clone").at(sha)


async def test_settings_of_git_are_set_but_no_program_in_them_runs_as_the_runner(
    shop: Repository, tmp_path: Path
) -> None:
    sha = shop.commit(files={"a": "1\n", ".gitattributes": "a filter=own\n"})
    config: Data = (f"filter.own.smudge 'touch {tmp_path}/ran; cat'", "--global core.autocrlf true")
    clone = await Cloned(shop, tmp_path / "clone", gitConfig=config).at(sha)
    assert clone.git("config", "core.autocrlf") == "true"
    assert clone.git("config", "filter.own.smudge").startswith("touch")
    assert (tmp_path / "clone/a").read_bytes() == b"1\r\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("entry", ["user.name", "name x", "--file /x a.b c", "a.b '", "a.b --get"])
async def test_a_setting_that_is_none_is_refused(shop: Repository, tmp_path: Path, entry: str) -> None:
    with pytest.raises(SetupError, match="in gitConfig must be a key and a value"):
        await Cloned(shop, tmp_path / "clone", gitConfig=entry).at(shop.commit())


@pytest.mark.parametrize("bag", [{}, {"shaData": None}, {"shaData": {}}, {"shaData": {"commitSha": "--x"}}])
def test_a_version_without_a_commit_stands_for_nothing(bag: Mapping[str, Json]) -> None:
    assert Wanted.of(bag) is None


def test_what_an_event_makes_can_be_cloned() -> None:
    told = [wanted.told for event in (COMMIT, TAG, RELEASE) if (wanted := Wanted.of(version_of(event)[1]))]
    assert told == [f"commit {COMMIT.sha}", f"commit {TAG.sha}", "tag v1.2"]


def integration(type_: str, **values: str) -> ResolvedIntegration:
    secret = {
        key: Secret(text) if key in ("token", "password", "privateKey", "key") else text for key, text in values.items()
    }
    return ResolvedIntegration(name="git", type=CATALOGUE[type_], values=secret)


@pytest.mark.parametrize(
    ("type_", "values", "place", "user"),
    [
        ("github", {"url": "https://api.github.com", "token": "t"}, "github.com", "x-access-token"),
        ("githubEnterprise", {"url": "https://g.test/api/v3", "token": "t"}, "g.test", "x-access-token"),
        ("gitlab", {"url": "https://g.test:8443/sub/api/v4", "token": "t"}, "g.test:8443/sub", "oauth2"),
        ("bitbucket", {"url": "https://api.bitbucket.org", "token": "me:t"}, "bitbucket.org", "me"),
        ("bitbucket", {"url": "https://bitbucket.org", "token": "t"}, "bitbucket.org", "x-token-auth"),
        ("bitbucketServerBasic", {"url": "https://b.test", "username": "me", "password": "t"}, "b.test/scm", "me"),
    ],
)
def test_an_integration_completes_a_name_and_opens_it(
    type_: str, values: dict[str, str], place: str, user: str
) -> None:
    remote = remote_of("acme/shop", integration(type_, **values))
    assert remote.url == f"https://{place}/acme/shop.git"
    assert remote.login is not None
    assert (remote.login.user, remote.login.password.reveal()) == (user, "t")


def test_a_token_goes_to_no_other_host() -> None:
    mine = integration("github", url="https://api.github.com", token="t")
    assert remote_of("https://github.com/a/b", mine).login is not None
    assert remote_of("git@github.com:a/b.git", mine).login is None
    with pytest.raises(RunnerError, match=r"integration 'git' is for github.com, not for https://evil.test/a/b"):
        remote_of("https://evil.test/a/b", mine)


def test_a_name_alone_is_no_address_unless_an_event_told_one() -> None:
    assert remote_of("acme/shop", None, "https://github.com/acme/shop.git").url == "https://github.com/acme/shop.git"
    with pytest.raises(RunnerError, match="'acme/shop' has no address: name an integration"):
        remote_of("acme/shop", None)


PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nabc\r\n-----END OPENSSH PRIVATE KEY-----"
SSH = """#!/bin/bash
# In the place of ssh: keeps the key that it is to use, and does what the server would.
while [ "$1" != git@host.test ]; do [ "$1" != -i ] || { stat -c '%n %a' "$2"; cat "$2"; } > KEPT; shift; done
eval "$2"
"""


async def test_a_server_that_fails_is_tried_three_times(shop: Repository, tmp_path: Path) -> None:
    sha = shop.commit(files={"a": "1"})
    tries = tmp_path / "tries"
    (tmp_path / "ssh").write_text(
        f'#!/bin/bash\necho >> {tries}; [ $(wc -l < {tries}) = 3 ] || exit 1; eval "${{@: -1}}"\n'
    )
    (tmp_path / "ssh").chmod(0o755)
    git = Git(environment={**os.environ, "GIT_SSH_COMMAND": str(tmp_path / "ssh")})
    remote = remote_of(f"ssh://git@host.test{shop.place}", None)
    (tmp_path / "clone").mkdir()
    clone = Clone(
        git=git, name="repo", remote=remote, target=tmp_path / "clone", options=options(), pauses_s=(0.0, 0.0)
    )
    await clone.run(Wanted(sha=sha))
    assert tries.read_text() == "\n\n\n"
    tries.write_text("\n\n\n")
    with pytest.raises(GitError, match=r"git fetch of ssh://.* failed: Could not read from remote repository"):
        await dataclasses.replace(clone, target=_made(tmp_path / "again")).run(Wanted(sha=sha))
    assert tries.read_text() == "\n" * 6


def _made(place: Path) -> Path:
    place.mkdir()
    return place


def assert_gone_with_mode_600(used: str) -> None:
    place, mode = used.split()
    assert mode == "600"
    assert not Path(place).exists()


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("sshKey", {"privateKey": PRIVATE, "publicKey": "p"}),
        ("pemKey", {"key": PRIVATE}),
        ("gerritBasic", {"privateKey": PRIVATE, "url": "https://g.test"}),
    ],
)
async def test_a_repository_is_opened_over_ssh_with_the_key_of_its_integration(
    shop: Repository, tmp_path: Path, type_: str, values: dict[str, str]
) -> None:
    sha = shop.commit(files={"a": "1"})
    kept = tmp_path / "kept"
    (tmp_path / "ssh").write_text(SSH.replace("KEPT", str(kept)))
    (tmp_path / "ssh").chmod(0o755)
    git = Git(environment={**os.environ, "GIT_SSH_COMMAND": str(tmp_path / "ssh")})
    remote = remote_of(f"ssh://git@host.test{shop.place}", integration(type_, **values))
    clone = Clone(
        git=git, name="repo", remote=remote, target=tmp_path / "clone", options=options(), key_file=Path("/b/key.pem")
    )
    (tmp_path / "clone").mkdir()
    await clone.run(Wanted(sha=sha))
    used, key = kept.read_text().split("\n", 1)
    assert key == f"{PRIVATE}\n".replace("\r", "")
    assert_gone_with_mode_600(used)
    assert (tmp_path / "clone/a").read_text() == "1"
    told = Repository.at(tmp_path / "clone").git("config", "core.sshCommand")
    assert told == "ssh -oIdentitiesOnly=yes -oIdentityAgent=none -i /b/key.pem"


def test_the_name_of_a_repository_may_hold_a_placeholder(project: Project, tmp_path: Path) -> None:
    Repository(tmp_path / "shop").commit(files={"price": "7"})
    project.write(f"""
        resources:
          - {{name: where, type: params, versionTemplate: {{params: {{PLACE: {tmp_path}}}}}}}
          - {{name: shop, type: gitRepo, versionTemplate: {{sourceName: $PLACE/shop}}}}
        jobs:
          - name: build
            type: runSh
            steps: [IN: where, IN: shop, TASK: {{script: ['cat IN/shop/gitRepo/price; echo " $SHOP_SOURCENAME"']}}]
    """)
    assert project.run().messages("build") == [f"7 {tmp_path}/shop"]


def test_a_local_run_clones_the_newest_commit_and_tells_its_variables(project: Project, tmp_path: Path) -> None:
    shop = Repository(tmp_path / "shop", branch="trunk")
    sha = shop.commit(files={"price": "7"})
    project.write(f"""
        resources:
          - {{name: my-repo, type: gitRepo, versionTemplate: {{sourceName: {shop.place}}}}}
        jobs:
          - name: build
            type: runSh
            steps:
              - IN: my-repo
              - TASK:
                  script:
                    - cat IN/my-repo/gitRepo/price && echo
                    - echo "$MYREPO_BRANCH $MYREPO_COMMIT $MYREPO_PULL_REQUEST $MYREPO_IS_GIT_TAG $MYREPO_VERSIONNAME"
                    - echo "$MYREPO_COMMIT_MESSAGE by $MYREPO_COMMITTER"
                    - shipctl get_resource_version_key my-repo shaData.commitSha
    """)
    said = project.run()
    assert said.messages("build") == ["7", f"trunk {sha} false false {sha}", "Sell pears by Kim Lee", sha]
    assert said.statuses() == {"build": "success"}
