"""What webhooks bring to a service, and pipelines that are kept in a repository."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runner.service.settings import PipelineSource, Provider, Settings, Webhook
from runner.triggers.delivery import RefusedDelivery
from tests.daemon.running import Host, ended, serving

REPOSITORY = """
resources:
  - {name: src, type: gitRepo, versionTemplate: {sourceName: acme/shop, branch: main}}
  - {name: hook, type: webhook, versionTemplate: {webhookKey: opensesame}}
jobs:
  - name: tell
    type: runSh
    steps:
      - IN: hook
      - TASK: {script: [test "$(shipctl get_resource_version_key hook payload)" != ""]}
"""
SECRET = "s3cret-of-the-hook"


def with_webhook(host: Host) -> Settings:
    file = host.directory / "secret"
    file.write_text(f"{SECRET}\n", "utf-8")
    return replace(host.settings, webhooks={"hub": Webhook(provider=Provider.GITHUB, secret_file=file)})


def push(branch: str, *files: str) -> tuple[Mapping[str, str], bytes]:
    """A push as GitHub tells it, signed."""
    repository = {"full_name": "Acme/Shop", "ssh_url": "git@h:Acme/Shop.git", "clone_url": "https://h/Acme/Shop.git"}
    commit = {"id": "a" * 40, "message": "m", "modified": list(files), "added": [], "removed": []}
    body = json.dumps(
        {
            "ref": f"refs/heads/{branch}",
            "before": "b" * 40,
            "after": "a" * 40,
            "repository": repository,
            "head_commit": commit,
            "commits": [commit],
        }
    ).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Event": "push", "X-GitHub-Delivery": "1", "X-Hub-Signature-256": f"sha256={signature}"}, body


async def test_a_push_makes_a_version_of_each_resource_that_follows_it_and_a_repetition_none(host: Host) -> None:
    host.write(REPOSITORY)
    async with serving(with_webhook(host)) as service:
        answer = await service.deliveries.of_provider("hub", *push("main", "a.py"))
        assert answer.versions == ("src",)
        newest = (await service.questions.versions("src"))[0]
        bag: Any = newest.property_bag
        assert (newest.name, bag["shaData"]["branchName"]) == ("a" * 40, "main")
        assert (await service.deliveries.of_provider("hub", *push("main", "a.py"))).repeated
        assert (await service.questions.versions("src"))[0].number == newest.number
        other = await service.deliveries.of_provider("hub", *push("topic", "a.py"))
        assert other.passed_over == {"src": "branch topic is not among its branches (main)"}


async def test_a_sender_that_is_not_proven_changes_nothing(host: Host) -> None:
    host.write(REPOSITORY)
    async with serving(with_webhook(host)) as service:
        headers, body = push("main", "a.py")
        before = await service.questions.versions("src")
        with pytest.raises(RefusedDelivery) as refused:
            await service.deliveries.of_provider("hub", {**headers, "X-Hub-Signature-256": "sha256=00"}, body)
        assert refused.value.status == 401
        assert await service.questions.versions("src") == before


async def test_a_call_of_a_webhook_resource_starts_its_readers(host: Host) -> None:
    host.write(REPOSITORY)
    async with serving(host.settings) as service:
        login = base64.b64encode(b"hook:opensesame").decode()
        await service.deliveries.of_resource("hook", {"Authorization": f"Basic {login}"}, b'{"a": 1}')
        build = await ended(service, "tell")
        assert (build.status, build.triggered_by) == ("success", "hook")
        for wrong in ("", "Basic " + base64.b64encode(b"hook:x").decode(), f"Bearer {login}"):
            with pytest.raises(RefusedDelivery):
                await service.deliveries.of_resource("hook", {"Authorization": wrong}, b"")


def git(directory: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(directory), *who, *arguments], check=True, capture_output=True)


async def test_a_pipeline_in_a_repository_is_read_from_its_branch_and_again_after_a_push(host: Host) -> None:
    work = host.directory / "work"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "shippable.yml").write_text("jobs:\n  - {name: a, type: runSh, steps: [{TASK: {script: [pwd]}}]}\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "one")
    source = PipelineSource(git=f"file://{work}", branch="main")
    async with serving(replace(host.settings, pipelines={"shop": source})) as service:
        assert list(service.engines.current.pipeline.jobs) == ["a"]
        (work / "shippable.yml").write_text("jobs:\n  - {name: b, type: runSsh}\n")
        git(work, "commit", "-qam", "two")
        result = await service.pipelines.sync("shop")
        assert "shop:shippable.yml:2:" in result.problems[0]
        (work / "shippable.yml").write_text("jobs:\n  - {name: b, type: runSh, steps: [{TASK: {script: [pwd]}}]}\n")
        git(work, "commit", "-qam", "three")
        result = await service.pipelines.sync("shop")
        assert result.changes == ("job b: added", "job a: removed")
