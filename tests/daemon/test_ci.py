"""The CI part of a repository, run by a service."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runner.daemon.service import Service
from runner.service.settings import PipelineSource
from runner.store.queueing import Request
from runner.store.rows import BuildRow
from runner.triggers.git_version import version_of
from runner.workspace.versions import NewVersion
from tests.cli.remote_service import Command, running
from tests.daemon.running import Host, ended, heard, serving, until
from tests.triggers.events import PULL_REQUEST
from tests.triggers.repositories import Repository

FILE = """
resources:
  - {{name: src, type: gitRepo, versionTemplate: {{sourceName: "{source}", buildOnPullRequest: true}}}}
  - {{name: img, type: image, versionTemplate: {{sourceName: acme/shop, versionName: none}}}}
jobs:
  - {{name: shop_runCI, type: runCI, steps: [IN: src, OUT: img]}}
  - {{name: after, type: runSh, steps: [IN: img, TASK: {{script: ['[ "$IMG_VERSIONNAME" = "v2" ]']}}]}}
"""
PART = """
language: none
env: [A=1, A=2]
build:
  ci:
    - echo "$BRANCH $COMMIT_MESSAGE $BUILD_NUMBER.$JOB_NUMBER of $SHIPPABLE_JOB_COUNT $(git rev-parse HEAD)"
    - shipctl put_resource_state img versionName v$A
"""


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "acme" / "shop.git")


async def items(service: Service) -> list[BuildRow]:
    """All items of all builds, by their numbers."""
    rows = [row for row in await service.questions.builds() if row.item is not None]
    return sorted(rows, key=lambda row: (row.number, row.item or 0))


def log(service: Service, row: BuildRow) -> str:
    return (service.store.build_directory(row.id) / "log.jsonl").read_text()


def printed(service: Service, row: BuildRow) -> list[str]:
    records: list[dict[str, Any]] = [json.loads(line) for line in log(service, row).splitlines()]
    return [record["text"] for record in records if record["type"] == "message" and "level" not in record]


async def pushed(service: Service, shop: Repository, message: str, files: dict[str, str]) -> str:
    sha = shop.commit(message, files)
    await service.polling.look()
    return sha


async def test_a_push_runs_the_ci_part_of_its_commit_and_what_hangs_on_its_outputs(
    host: Host, shop: Repository
) -> None:
    shop.commit("one", {"shippable.yml": PART})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        sha = await pushed(service, shop, "two", {"a": "2"})
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason, build.triggered_by) == ("success", None, "src")
        assert build.published == {"img"}
        found = await items(service)
        assert [(row.name, row.status) for row in found] == [
            ("shop_runCI/1.1", "success"), ("shop_runCI/1.2", "success"),
        ]  # fmt: skip
        assert f"main two 1.2 of 2 {sha}" in printed(service, found[1])
        assert (await ended(service, "after")).status == "success"
        assert [job.node.name for job in await service.questions.jobs()] == ["after", "shop_runCI"]
        inputs = [await service.questions.inputs(row.id) for row in (build, *found)]
        assert [[row.version_name for row in each] for each in inputs] == [[sha]] * 3
        assert {path.name for path in service.store.build_directory(build.id).iterdir()} == {"log.jsonl"}


async def test_a_restart_goes_on_with_the_items_and_keeps_what_has_ended(host: Host, shop: Repository) -> None:
    going, go = host.pipe("going"), host.pipe("go")
    wait = f"if [ $A = 1 ]; then echo on > {going}; cat {go}; fi"
    part = PART.replace("  ci:\n", f"  ci:\n    - '{wait}'\n").replace("env: [A=1, A=2]", "env: [A=2, A=1]")
    shop.commit("one", {"shippable.yml": part})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        await service.orders.run("shop_runCI", Request())
        assert await heard(going) == "on\n"

        async def first_has_ended() -> BuildRow | None:
            return next((row for row in await items(service) if row.ended_at is not None), None)

        assert (await until(service, first_has_ended)).item == 1
    shop.commit("later", {"shippable.yml": "language: none\n"})
    async with serving(host.settings) as service:
        go.write_text("go\n")
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("success", None)
        assert [(row.item, row.status) for row in await items(service)] == [(1, "success"), (2, "success")]
        assert (await service.questions.versions("img"))[0].name == "v1"


async def test_a_cancelled_build_ends_its_items(host: Host, shop: Repository) -> None:
    going = host.pipe("going")
    shop.commit("one", {"shippable.yml": f"language: none\nbuild: {{ci: [echo on > {going}, sleep 1000]}}\n"})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        row = await service.orders.run("shop_runCI", Request())
        await heard(going)
        await service.orders.cancel(row.id, "not wanted")
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("cancelled", "not wanted")
        assert [(row.status, row.reason) for row in await items(service)] == [("cancelled", "not wanted")]


async def test_one_item_can_be_cancelled_and_fails_the_whole(host: Host, shop: Repository) -> None:
    going = host.pipe("going")
    shop.commit("one", {"shippable.yml": f"language: none\nbuild: {{ci: [echo on > {going}, sleep 1000]}}\n"})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        await service.orders.run("shop_runCI", Request())
        await heard(going)
        (item,) = await items(service)
        await service.orders.cancel(item.id, "this one")
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("cancelled", "shop_runCI/1.1 ended with cancelled")


async def test_what_the_part_leaves_out_is_not_built_when_it_is_pushed_and_is_when_a_person_asks(
    host: Host, shop: Repository
) -> None:
    shop.commit("one", {"shippable.yml": "language: none\nbranches: {only: release/*}\n"})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        await pushed(service, shop, "two", {"a": "2"})
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == (
            "cancelled", "skipped: branches leaves out main (only release/*)",
        )  # fmt: skip
        assert await items(service) == []
        await service.orders.run("shop_runCI", Request())
        assert (await ended(service, "shop_runCI", 2)).status == "success"


async def test_failed_tests_make_the_whole_unstable_and_start_nothing(host: Host, shop: Repository) -> None:
    failed = '<testsuite><testcase name="x"><failure/></testcase></testsuite>'
    copy = "mkdir -p shippable/testresults && cp r.xml shippable/testresults/"
    shop.commit("one", {"shippable.yml": f"language: none\nbuild: {{ci: ['{copy}']}}\n", "r.xml": failed})
    host.write(FILE.format(source=shop.remote.url).replace("IN: img, TASK", "IN: shop_runCI, TASK"))
    async with serving(host.settings) as service:
        await service.polling.look()
        await service.orders.run("shop_runCI", Request())
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("unstable", "unstable: shop_runCI/1.1")
        assert [row.job for row in await service.questions.builds()] == ["shop_runCI", "shop_runCI"]


async def test_the_repository_of_the_file_itself_is_built_where_it_is_an_input(host: Host, shop: Repository) -> None:
    line = "resources: [{name: files, type: syncRepo}]\njobs: [{name: shop_runCI, type: runCI, steps: [IN: files]}]\n"
    sha = shop.commit("one", {"shippable.yml": PART.partition("    - shipctl")[0] + line})
    source = PipelineSource(git=shop.remote.url, poll=timedelta(hours=1))
    async with serving(msgspec.structs.replace(host.settings, pipelines={"shop": source})) as service:
        await service.orders.run("shop_runCI", Request())
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("success", None)
        assert f"main one 1.1 of 2 {sha}" in printed(service, (await items(service))[0])


async def test_a_job_is_purged_with_its_items(host: Host, shop: Repository) -> None:
    shop.commit("one", {"shippable.yml": "language: none\nenv: [A=1, A=2]\n"})
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        await service.polling.look()
        await service.orders.run("shop_runCI", Request())
        await ended(service, "shop_runCI")
        host.write("jobs: []\n")
        await service.pipelines.sync("shop")
        assert len(await service.orders.purge("shop_runCI")) == 3
        assert await service.questions.builds() == []


async def test_a_pull_request_is_built_merged_and_told_to_the_scripts(host: Host, shop: Repository) -> None:
    shop.commit("one", {"shippable.yml": "language: none\n", "a": "1"})
    shop.git("checkout", "-q", "-b", "feature")
    part = "language: none\nenv: {global: [secure: abc]}\nbuild: {cache: true, ci: ['echo %s']}\n"
    told = '"$IS_PULL_REQUEST $PULL_REQUEST $BASE_BRANCH $HEAD_BRANCH $COMMIT $(cat a b | tr -d \\\\n)"'
    head = shop.commit("proposed", {"shippable.yml": part % told, "b": "2"})
    shop.git("update-ref", "refs/pull/7/head", head)
    shop.git("checkout", "-q", "main")
    shop.commit("meanwhile", {"a": "3"})
    shop.git("branch", "-q", "-D", "feature")
    host.write(FILE.format(source=shop.remote.url))
    async with serving(host.settings) as service:
        content = service.engines.current.pipeline.resources["src"].property_bag
        name, bag = version_of(replace(PULL_REQUEST, sha=head), content)
        await service.orders.add_version(NewVersion(node="src", name=name, property_bag=bag))
        build = await ended(service, "shop_runCI")
        assert (build.status, build.reason) == ("success", None)
        (item,) = await items(service)
        assert f"true 7 main plums {head} 32" in printed(service, item)
        assert "cache: not renewed by a pull request of a fork" in log(service, item)
        assert "secure variables are left out: pull request 7 comes from the fork kim/shop" in log(service, item)


async def _looked(host: Host) -> None:
    """A service finds the first commit, and ends."""
    async with serving(host.settings) as service:
        await service.polling.look()


def test_the_commands_name_items_as_a_local_run_does(
    host: Host, shop: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.commit("one", {"shippable.yml": PART})
    host.write(FILE.format(source=shop.remote.url))
    runner = Command(monkeypatch, capsys)
    asyncio.run(_looked(host))
    with running(host) as service:
        monkeypatch.setenv("RUNNER_HOST", service.url)
        said = runner("run", "--job", "shop_runCI", "--output", "plain")
        assert said.code == 0, said.out + said.err
        assert "shop_runCI/1.2: success" in said.out
        listed = [line.split()[:2] for line in runner("builds", "shop_runCI").out.splitlines()[1:]]
        assert listed == [[f"shop_runCI/1{item}", "success"] for item in (".2", ".1", "")]
        assert "1.2 of 2" in runner("logs", "shop_runCI/1.2").out
        assert runner("logs", "shop_runCI/1.3").code == 2
        assert "shop_runCI/1.1 has ended already: success" in runner("cancel", "shop_runCI/1.1").out
        assert [line.split()[0] for line in runner("jobs").out.splitlines()[1:]] == ["after", "shop_runCI"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("jobs: [{name: shop_runCI, type: runCI}]",
         "shop_runCI has no repository: it runs in a checkout of shop, or with a gitRepo of it as input"),
        ("jobs: [{name: other_runCI, type: runCI, steps: [IN: src]}]",
         "other_runCI is of the repository other, which none of its gitRepo inputs is: src (shop)"),
        ("jobs: [{name: shop_runCI, type: runCI, steps: [IN: src]}]",
         "there is no CI part: no shippable.yml in the root of src at "),
    ],
)  # fmt: skip
async def test_what_cannot_be_run_ends_in_a_sentence(host: Host, shop: Repository, text: str, reason: str) -> None:
    shop.commit("one", {"a": "1"})
    source = f"resources: [{{name: src, type: gitRepo, versionTemplate: {{sourceName: '{shop.remote.url}'}}}}]\n"
    host.write(source + text)
    async with serving(host.settings) as service:
        await service.polling.look()
        job = text.split("name: ")[1].split(",")[0]
        await service.orders.run(job, Request())
        build = await ended(service, job)
        assert build.status == "error"
        assert build.reason is not None
        assert build.reason.startswith(reason)
