"""A service tells people of its builds, also of those that ended while nobody could be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from runner.daemon.service import Service
from runner.store.notices import of_build
from runner.store.queueing import Request
from runner.store.rows import BuildRow
from tests.daemon.running import Host, ended, serving
from tests.shipctl.services import WebService, web_service

PIPELINE = """
    resources:
      - {name: team, type: notification, integration: hook, pointer: {recipients: [ops]}}
    jobs:
      - name: good
        type: runSh
        steps: [TASK: {script: ["true"]}]
        on_start: [NOTIFY: team]
        on_success: [NOTIFY: team]
      - {name: slow, type: runSh, steps: [TASK: {script: [sleep 600]}], on_cancel: [NOTIFY: team]}
"""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebService]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_service() as service:
        yield service


@pytest.fixture
def host(tmp_path: Path, web: WebService) -> Host:
    found = Host(tmp_path)
    found.write(PIPELINE)
    file = tmp_path / "integrations.yml"
    file.write_text(f"- {{name: hook, type: webhookV2, webhookURL: '{web.url}/s3cret-path', authorization: t0ken}}\n")
    file.chmod(0o600)
    return found


def told(web: WebService) -> list[tuple[str, str]]:
    bodies = [json.loads(request.body) for request in web.requests]
    return [(body["build"]["name"], body["build"]["status"]) for body in bodies]


def log_texts(host: Host, build: BuildRow) -> list[str]:
    log = host.directory / "state/builds" / str(build.id) / "log.jsonl"
    return [json.loads(line).get("text", "") for line in log.read_text("utf-8").splitlines()]


@contextmanager
def events() -> Iterator[list[dict[str, object]]]:
    """What operators read of notifications."""
    found: list[dict[str, object]] = []
    with capture_logs() as all_of_them:
        yield found
    found += [dict(event) for event in all_of_them if str(event["event"]).startswith("notification.")]
    structlog.reset_defaults()


async def drained(service: Service) -> None:
    assert await service.courier.drained(timedelta(seconds=30)) == 0


async def test_start_and_end_of_a_build_are_told_and_recorded(host: Host, web: WebService) -> None:
    with events() as read:
        async with serving(host.settings) as service:
            build = await service.orders.run("good", Request(by="ann"))
            await ended(service, "good")
            await drained(service)
    assert sorted(told(web)) == [("good/1", "processing"), ("good/1", "success")]
    body = json.loads(web.requests[0].body)
    assert (body["recipient"], body["build"]["by"]) == ("ops", "ann")
    assert body["build"]["log"].startswith("runner logs good/1 --host local (on ")
    assert web.requests[0].headers["authorization"] == "t0ken"
    assert sorted(str(event["moment"]) for event in read) == ["on_start", "on_success"]
    assert {(event["event"], event["build"], event["target"], event["told"]) for event in read} == {
        ("notification.sent", build.id, "team", ("ops",))
    }
    assert "NOTIFY team (on_success): told ops" in log_texts(host, build)


async def test_what_could_not_be_told_is_told_after_a_restart(host: Host, web: WebService) -> None:
    web.answers["/s3cret-path"] = (503, b"t0ken is busy")
    with events() as read:
        async with serving(host.settings) as service:
            build = await service.orders.run("good", Request())
            row = await ended(service, "good")
            assert row.status == "success"
    assert {event["event"] for event in read} == {"notification.delayed"}
    assert "t0ken" not in str(read) + str(log_texts(host, build))
    del web.answers["/s3cret-path"]
    web.requests.clear()
    async with serving(host.settings) as again:
        await drained(again)
        rows = await again.store.read(lambda tx: of_build(tx, build.id))
    assert sorted(told(web)) == [("good/1", "processing"), ("good/1", "success")]
    assert [row.done for row in rows] == [{"ops": None}, {"ops": None}]


async def test_a_build_that_is_cancelled_before_it_begins_is_told_too(host: Host, web: WebService) -> None:
    async with serving(host.settings) as service:
        await service.orders.drain()
        build = await service.orders.run("slow", Request())
        await service.orders.cancel(build.id, "not wanted")
        await drained(service)
    assert told(web) == [("slow/1", "cancelled")]


async def test_a_refusal_is_counted_and_told_to_operators(host: Host, web: WebService) -> None:
    web.answers["/s3cret-path"] = (404, b"gone")
    with events() as read:
        async with serving(host.settings) as service:
            build = await service.orders.run("good", Request())
            assert (await ended(service, "good")).status == "success"
            await drained(service)
            samples = {
                sample.labels["outcome"]: sample.value
                for metric in service.metrics.notifications.collect()
                for sample in metric.samples
                if sample.name.endswith("_total")
            }
    assert samples == {"refused": 2}
    assert {(event["event"], event["log_level"]) for event in read} == {("notification.refused", "warning")}
    assert "NOTIFY team (on_success): ops not told: 127.0.0.1 answers with status 404: gone" in log_texts(host, build)


async def test_a_removed_build_takes_its_notices_with_it(host: Host, web: WebService) -> None:
    web.answers["/s3cret-path"] = (503, b"")
    async with serving(host.settings) as service:
        build = await service.orders.run("good", Request())
        await ended(service, "good")
        host.write("jobs: []")
        await service.pipelines.sync("shop")
        assert await service.orders.purge("good") == [build.id]
        await drained(service)
