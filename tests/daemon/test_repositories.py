"""Repositories that `gitRepo` resources follow: what a service finds in them by itself, and beside webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import textwrap
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.service.settings import PipelineSource, Provider, Repositories, Settings, Webhook
from runner.store.queueing import Request
from tests.daemon.running import Host, ended, serving, until
from tests.triggers.repositories import Repository

SECRET = "s3cret-of-the-hook"
FILE = """
resources:
  - name: src
    type: gitRepo
    versionTemplate: {{sourceName: "{source}", {more}}}
jobs:
  - name: build
    type: runSh
    steps:
      - IN: src
      - TASK: {{script: [test "$(git -C "$SRC_STATE" rev-parse HEAD)" = "$SRC_COMMIT"]}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "acme" / "shop.git")


def follow(host: Host, shop: Repository, more: str = "branch: main") -> None:
    host.write(FILE.format(source=shop.remote.url, more=more))


def only_webhooks(settings: Settings) -> Settings:
    return replace(settings, repositories=Repositories(poll=None))


async def versions(service: Service) -> list[tuple[str, str]]:
    """Name and branch (or tag) of the versions with a commit, oldest first."""
    rows: list[Any] = [v for v in await service.questions.versions("src") if "shaData" in v.property_bag]
    return [
        (v.name, v.property_bag["shaData"]["branchName"] or v.property_bag["shaData"]["gitTagName"])
        for v in reversed(rows)
    ]


async def test_a_new_resource_gets_the_head_of_its_branch_and_starts_nothing(host: Host, shop: Repository) -> None:
    head = shop.commit("one", {"a": "1", "shippable.yml": "jobs: []"})
    follow(host, shop)
    async with serving(only_webhooks(host.settings)) as service:
        await service.polling.look()
        assert await versions(service) == [(head, "main")]
        assert await service.questions.builds() == []
        shop.commit("two", {"a": "2"})
        await service.polling.look()
        assert await versions(service) == [(head, "main")]


async def test_a_commit_becomes_a_version_and_starts_a_build_of_it(host: Host, shop: Repository) -> None:
    first = shop.commit("one", {"a": "1"})
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
        second = shop.commit("two", {"a": "2"})
        await service.polling.look()
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (second, "main")]
        build = await ended(service, "build")
        assert (build.status, build.triggered_by) == ("success", "src")
        bag: Any = (await service.questions.versions("src"))[0].property_bag
        assert bag["shaData"]["beforeCommitSha"] == first
        assert (bag["shaData"]["commitMessage"], bag["normalizedRepo"]["fullName"]) == ("two", f"{shop.place}"[1:-4])


async def test_what_a_push_would_not_have_started_a_look_does_not_either(host: Host, shop: Repository) -> None:
    first = shop.commit("one", {"a": "1"})
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
        for message, files in (("two [skip ci]", {"a": "2"}), ("three", {"ci/shippable.yml": "jobs: []"})):
            shop.commit(message, files)
            await service.polling.look()
            assert await versions(service) == [(first, "main")]
        last = shop.commit("four", {"a": "4"})
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (last, "main")]


async def test_a_restart_finds_the_newest_of_what_was_pushed_meanwhile_and_nothing_twice(
    host: Host, shop: Repository
) -> None:
    first = shop.commit("one", {"a": "1"})
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
    shop.commit("two", {"a": "2"})
    newest = shop.commit("three", {"a": "3"})
    for _ in range(2):
        async with serving(host.settings) as service:
            await service.polling.look()
            assert await versions(service) == [(first, "main"), (newest, "main")]
            assert len(await service.questions.builds()) == 1


async def test_branches_are_followed_by_their_pattern_and_tags_where_they_are_wanted(
    host: Host, shop: Repository
) -> None:
    first = shop.commit("one")
    shop.git("tag", "v0")
    follow(host, shop, "branches: {only: [main, 'release/*']}, buildOnTagPush: true, tags: {only: ['v*']}")
    async with serving(host.settings) as service:
        await service.polling.look()
        shop.git("checkout", "-qb", "release/1")
        released = shop.commit("two")
        shop.git("checkout", "-qb", "topic")
        shop.commit("three")
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (released, "release/1")]
        shop.git("tag", "-am", "second", "v1", released)
        shop.git("tag", "x1")
        await service.polling.look()
        assert (await versions(service))[2:] == [(released, "v1")]
        shop.git("branch", "-D", "release/1")
        await service.polling.look()
        shop.git("branch", "release/1", released)
        await service.polling.look()
        assert (await versions(service))[3:] == [(released, "release/1")]


async def test_what_a_wider_filter_takes_in_is_not_new(host: Host, shop: Repository) -> None:
    first = shop.commit("one")
    shop.git("branch", "topic")
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
        follow(host, shop, "branches: {only: [main, topic]}")
        await service.pipelines.sync("shop")
        await service.polling.look()
        assert await service.questions.builds() == []
        shop.git("checkout", "-q", "topic")
        second = shop.commit("two")
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (first, "main"), (second, "topic")]


async def test_a_repository_that_cannot_be_asked_is_a_problem_until_it_can(host: Host, shop: Repository) -> None:
    shop.place.rename(shop.place.with_suffix(".away"))
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
        assert "does not appear to be a git repository" in service.polling.problems["src"]
        shop.place.with_suffix(".away").rename(shop.place)
        await service.polling.look()  # it is there, and has nothing yet
        assert service.polling.problems == {}
        head = shop.commit("one")
        await service.polling.look()
        assert await versions(service) == [(head, "main")]


async def test_a_tag_of_no_commit_holds_nothing_else_up(host: Host, shop: Repository) -> None:
    first = shop.commit("one", {"a": "1"})
    follow(host, shop, "buildOnTagPush: true")
    async with serving(host.settings) as service:
        await service.polling.look()
        shop.git("tag", "a-file", "HEAD:a")
        shop.git("tag", "z-commit")
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (first, "z-commit")]
        assert service.polling.problems == {}


async def test_a_login_that_is_not_there_is_looked_for_again(host: Host, shop: Repository) -> None:
    head = shop.commit("one")
    integrations, token = host.directory / "integrations.yml", host.directory / "token"
    integrations.write_text(
        f"integrations:\n  - {{name: hub, type: github, url: 'https://127.0.0.1:9', token: {{file: {token}}}}}\n"
    )
    integrations.chmod(0o600)
    host.write(
        "resources:\n"
        f"  - {{name: src, type: gitRepo, integration: hub, versionTemplate: {{sourceName: '{shop.remote.url}'}}}}\n"
    )
    soon = Repositories(poll=timedelta(seconds=1))
    async with serving(replace(host.settings, repositories=soon, integrations=integrations)) as service:
        await service.polling.look()
        assert str(token) in service.polling.problems["src"]
        token.write_text("t0ken-of-the-hub")
        token.chmod(0o600)

        async def found() -> list[tuple[str, str]] | None:
            return await versions(service) or None

        assert await until(service, found) == [(head, "main")]


async def test_trouble_with_a_repository_is_said_once_and_so_is_its_end(host: Host, shop: Repository) -> None:
    shop.commit("one")
    follow(host, shop)
    async with serving(host.settings) as service:
        await service.polling.look()
        with structlog.testing.capture_logs() as events:
            shop.place.rename(shop.place.with_suffix(".away"))
            for _ in range(3):
                await service.polling.look()
            shop.place.with_suffix(".away").rename(shop.place)
            for _ in range(2):
                await service.polling.look()
        said = [(event["event"], event["resources"]) for event in events if "resources" in event]
        assert said == [("repository.unusable", ["src"]), ("repository.usable", ["src"])]


async def test_a_repository_is_asked_once_however_many_resources_follow_it(
    host: Host, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.commit("one")
    calls, git = host.directory / "calls", host.directory / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$1" >> {calls}\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    source = f'{{sourceName: "{shop.remote.url}"}}'
    host.write(
        "resources:\n" + "".join(f"  - {{name: r{n}, type: gitRepo, versionTemplate: {source}}}\n" for n in "abc")
    )
    async with serving(host.settings) as service:
        await service.polling.look()
        shop.commit("two")
        calls.write_text("")
        await service.polling.look()
        assert [len(await service.questions.versions(f"r{n}")) for n in "abc"] == [3, 3, 3]
        asked = calls.read_text().split()
        assert (asked.count("ls-remote"), asked.count("fetch")) == (1, 1)


async def test_a_name_without_an_address_waits_for_its_webhook(host: Host) -> None:
    host.write(FILE.format(source="acme/shop", more="branch: main"))
    async with serving(host.settings) as service:
        await service.polling.look()
        assert "name an integration of a git provider" in service.polling.problems["src"]


def with_generic(host: Host, settings: Settings | None = None) -> Settings:
    file = host.directory / "secret"
    file.write_text(f"{SECRET}\n", "utf-8")
    webhooks = {
        "any": Webhook(provider=Provider.GENERIC, secret_file=file),
        "hub": Webhook(provider=Provider.GITHUB, secret_file=file),
    }
    return replace(settings or host.settings, webhooks=webhooks)


def told(shop: Repository, **more: object) -> tuple[Mapping[str, str], bytes]:
    """A delivery of a program of one's own, which does not say what has changed."""
    body = {"repository": "acme/shop", "ssh_url": shop.remote.url, "branch": "main", **more}
    return {"Authorization": f"Bearer {SECRET}"}, json.dumps(body).encode()


async def test_who_comes_second_with_a_commit_makes_no_second_version(host: Host, shop: Repository) -> None:
    first = shop.commit("one")
    follow(host, shop)
    async with serving(with_generic(host)) as service:
        await service.polling.look()
        second = shop.commit("two")
        answer = await service.deliveries.of_provider("any", *told(shop, sha=second, before=first))
        assert answer.versions == ("src",)
        await service.polling.look()
        assert await versions(service) == [(first, "main"), (second, "main")]
        third = shop.commit("three")
        await service.polling.look()
        answer = await service.deliveries.of_provider("any", *told(shop, sha=third, before=second))
        assert answer.passed_over == {"src": "it has the commit already"}
        assert (await versions(service))[2:] == [(third, "main")]


async def test_what_a_delivery_does_not_tell_is_asked_of_the_repository(host: Host, shop: Repository) -> None:
    first = shop.commit("one", {"a": "1"})
    shop.git("tag", "v1")
    follow(host, shop, "branch: main, buildOnRelease: true")
    async with serving(with_generic(host, only_webhooks(host.settings))) as service:
        await service.polling.look()
        second = shop.commit("two", {"shippable.yml": "jobs: []"})
        answer = await service.deliveries.of_provider("any", *told(shop, sha=second, before=first))
        assert answer.passed_over == {"src": "it changes the pipeline file shippable.yml"}
        await service.deliveries.of_provider("any", *told(shop, kind="release", tag="v1", branch=""))
        assert (await versions(service))[-1] == (first, "v1")
        shop.place.rename(shop.place.with_suffix(".away"))
        answer = await service.deliveries.of_provider("any", *told(shop, sha="c" * 40, before=second))
        assert answer.versions == ("src",)


async def test_a_delivery_of_another_provider_is_not_of_a_repository_with_the_same_name(host: Host) -> None:
    integrations = host.directory / "integrations.yml"
    integrations.write_text(
        "integrations:\n  - {name: lab, type: gitlab, url: 'http://127.0.0.1:9/api/v4', token: t0ken-of-the-lab}\n"
    )
    integrations.chmod(0o600)
    host.write(
        "resources:\n"
        "  - {name: src, type: gitRepo, integration: lab, versionTemplate: {sourceName: acme/shop}}\n"
        "  - {name: any, type: gitRepo, versionTemplate: {sourceName: acme/shop}}\n"
    )
    settings = with_generic(host, only_webhooks(replace(host.settings, integrations=integrations)))
    async with serving(settings) as service:
        commit = {"id": "a" * 40, "message": "m", "modified": ["a"], "added": [], "removed": []}
        push = {
            "ref": "refs/heads/main",
            "before": "b" * 40,
            "after": "a" * 40,
            "repository": {"full_name": "acme/shop", "ssh_url": "", "clone_url": ""},
            "head_commit": commit,
            "commits": [commit],
        }
        body = json.dumps(push).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
        answer = await service.deliveries.of_provider("hub", headers, body)
        assert answer.versions == ("any",)
        assert answer.passed_over == {"src": "its integration lab is of gitlab, and this is of github"}


async def test_how_often_repositories_are_asked_is_taken_over_while_the_service_runs(
    host: Host, shop: Repository
) -> None:
    first = shop.commit("one")
    follow(host, shop)
    async with serving(only_webhooks(host.settings)) as service:
        await service.polling.look()
        await service.take_over(replace(host.settings, repositories=Repositories(poll=timedelta(seconds=1))))
        await service.polling.look()
        shop.commit("two")
        build = await ended(service, "build")
        assert build.triggered_by == "src"
        assert (await versions(service))[0] == (first, "main")


async def test_a_sync_repository_is_the_one_that_the_file_came_from(host: Host, shop: Repository) -> None:
    text = """
        resources: [{name: files, type: syncRepo}]
        jobs:
          - name: build
            type: runSh
            steps:
              - IN: files
              - TASK:
                  script:
                    - test "$FILES_VERSIONNAME" = "$(git -C IN/files/syncRepo rev-parse HEAD)"
                    - cat IN/files/syncRepo/a
    """
    shop.commit("one", {"a": "1", "ci/shippable.yml": textwrap.dedent(text)})
    source = PipelineSource(git=shop.remote.url, poll=timedelta(hours=1))
    async with serving(replace(host.settings, pipelines={"shop": source})) as service:
        await service.orders.run("build", Request())
        assert (await ended(service, "build")).status == "success"


async def test_a_sync_repository_is_at_the_newest_commit_for_each_build(host: Host, shop: Repository) -> None:
    text = f"""
        resources: [{{name: files, type: syncRepo}}]
        jobs:
          - name: build
            type: runSh
            steps: [IN: files, TASK: {{script: [cat IN/files/syncRepo/a >> {host.directory}/seen]}}]
    """
    shop.commit("one", {"a": "1", "shippable.yml": textwrap.dedent(text)})
    source = PipelineSource(git=shop.remote.url, poll=timedelta(hours=1))
    async with serving(replace(host.settings, pipelines={"shop": source})) as service:
        for number in (1, 2):
            await service.orders.run("build", Request())
            assert (await ended(service, "build", number)).status == "success"
            shop.commit("two", {"a": "2"})
    assert (host.directory / "seen").read_text() == "12"


@pytest.mark.parametrize(("name", "branch"), [("$PLACE/shop.git", "main"), ("{place}/shop.git", "$BRANCH")])
async def test_what_only_a_job_can_tell_is_not_followed_and_at_the_newest_commit_for_each_build(
    host: Host, shop: Repository, name: str, branch: str
) -> None:
    place = shop.remote.url.removesuffix("/shop.git")
    source = name.format(place=place)
    host.write(f"""
        resources:
          - {{name: where, type: params, versionTemplate: {{params: {{PLACE: "{place}", BRANCH: main}}}}}}
          - {{name: src, type: gitRepo, versionTemplate: {{sourceName: "{source}", branch: {branch}}}}}
        jobs:
          - name: build
            type: runSh
            steps: [IN: where, IN: src, TASK: {{script: [cat IN/src/gitRepo/a >> {host.directory}/seen]}}]
    """)
    async with serving(host.settings) as service:
        for number in (1, 2):
            shop.commit("more", {"a": str(number)})
            await service.polling.look()
            await service.orders.run("build", Request())
            assert (await ended(service, "build", number)).status == "success"
        assert (service.polling.problems, len(await service.questions.builds(job="build"))) == ({}, 2)
    assert (host.directory / "seen").read_text() == "12"
