"""External references of the pipelines that a service watches."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.service.settings import PipelineSource
from tests.api.clients import served
from tests.daemon.running import Host, serving
from tests.daemon.test_deliveries import git
from tests.external.abroad import Abroad

JOB = "jobs: [{name: a, type: runSh, steps: [TASK: {script: [*hello]}]}]\n"
ONE, TWO = "hello: &hello [echo one]\n", "hello: &hello [echo two]\n"


@pytest.fixture
def host(tmp_path: Path, abroad: Abroad) -> Host:
    host = Host(tmp_path)
    host.write(JOB)
    host.write(f"externalReferences: [{abroad.put('/x.yml', ONE)}]\n", "shippable.templates.yml")
    return host


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def in_force(service: Service) -> list[str]:
    return [item.text for item in service.engines.current.pipeline.jobs["a"].tasks[0].script]


def forget_texts(host: Host) -> None:
    shutil.rmtree(host.directory / "state/references/texts")


async def test_a_service_pins_what_it_fetches_in_its_state_and_leaves_the_directory_alone(
    host: Host, abroad: Abroad
) -> None:
    async with serving(host.settings) as service:
        assert in_force(service) == ["echo one"]
        abroad.put("/x.yml", TWO)
        assert not (await service.pipelines.sync("shop")).applied
    async with serving(host.settings) as service:
        assert in_force(service) == ["echo one"]
    assert abroad.paths == ["/x.yml"]
    assert sha(ONE) in (host.directory / "state/references/shop.lock").read_text()
    assert (host.directory / "state/references").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (host.directory / "shop").iterdir()) == [
        "shippable.templates.yml", "shippable.yml",
    ]  # fmt: skip


async def test_what_has_changed_is_refused_until_an_administrator_takes_it(host: Host, abroad: Abroad) -> None:
    async with served(host.settings) as (service, client):
        forget_texts(host)
        abroad.put("/x.yml", TWO)
        refused = await service.pipelines.sync("shop")
        assert refused.refused
        assert f"is pinned to sha256 {sha(ONE)}, and what is there now has sha256 {sha(TWO)}" in refused.problems[0]
        assert "take it with 'runner sync --update-references shop' [E124]" in refused.problems[0]
        assert in_force(service) == ["echo one"]
        assert (await client.get("/pipelines/shop")).body["problems"] == list(refused.problems)
        answer = await client.post("/pipelines/shop/references")
        assert (answer.status, answer.body["applied"], answer.body["problems"]) == (200, True, [])
        assert in_force(service) == ["echo two"]


async def test_what_the_lock_of_the_directory_pins_holds(host: Host, abroad: Abroad) -> None:
    host.write(f"{sha(TWO)}  {abroad.address('/x.yml')}\n", "shippable.lock")
    async with serving(host.settings) as service:
        refused = await service.pipelines.sync("shop", update_references=True)
        assert "'runner references update' beside the file, and commit its shippable.lock" in refused.problems[0]
        abroad.put("/x.yml", TWO)
        assert (await service.pipelines.sync("shop")).applied
        assert in_force(service) == ["echo two"]
    assert not (host.directory / "state/references/shop.lock").exists()


async def test_a_repository_is_looked_at_again_where_a_reference_could_not_be_had(host: Host, abroad: Abroad) -> None:
    work = host.directory / "shop"
    git(work, "init", "-q", "-b", "main")
    git(work, "add", ".")
    git(work, "commit", "-qm", "one")
    text = abroad.answers.pop("/x.yml")
    source = PipelineSource(git=f"file://{work}", branch="main")
    async with serving(replace(host.settings, pipelines={"shop": source})) as service:
        refused = await service.pipelines.sync("shop")
        address = abroad.address("/x.yml")
        assert refused.problems[0].startswith(f"shop:shippable.templates.yml:1:22: externalReferences[0]: {address} ")
        abroad.answers["/x.yml"] = text
        assert (await service.pipelines.sync("shop")).applied
        assert in_force(service) == ["echo one"]
        abroad.answers.clear()
        (work / "shippable.lock").write_text(f"{sha(TWO)}  {address}\n")
        git(work, "add", ".")
        git(work, "commit", "-qm", "two")
        refused = await service.pipelines.sync("shop")
        assert refused.refused
        assert in_force(service) == ["echo one"]
