"""The figures of a service, as Prometheus reads them."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import generate_latest

from runner.api.limits import Buckets, Streams
from runner.service.metrics import MOST_JOBS, Metrics
from runner.service.ports import Ended
from tests.api.clients import served
from tests.daemon.running import Host, ended


async def test_a_build_is_counted_from_its_queueing_to_its_end(host: Host) -> None:
    async with served(host.settings) as (service, client):
        await client.post("/jobs/build/run")
        row = await ended(service, "build")
        await ended(service, "deploy")
        async with client.session.get(f"{client.base}/api/v1/builds/{row.id}/log?follow=true") as log:
            await log.read()
        async with client.session.get(f"{client.base}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        for line in ("runner_pick_up_seconds_count 2.0", 'runner_decisions_total{kind="Queue"} 2.0'):
            assert line in lines
        assert 'runner_running_builds{pool="default"} 0.0' in lines


def test_jobs_beyond_many_are_counted_together() -> None:
    metrics = Metrics()
    for number in range(MOST_JOBS + 50):
        end = Ended(
            build=number, job=f"job{number}", number=1, status="success", reason=None,
            duration=timedelta(seconds=1), by="script",
        )  # fmt: skip
        metrics.build_ended(end, 10)
    lines = generate_latest(metrics.registry).decode().splitlines()
    counted = [line for line in lines if line.startswith("runner_builds_ended_total{")]
    assert len(counted) == MOST_JOBS + 1
    assert 'runner_builds_ended_total{job="other",status="success"} 50.0' in counted
    assert "runner_log_bytes_total 2500.0" in lines


def test_a_bucket_holds_two_seconds_worth_and_fills_again() -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0])
    assert [buckets.wait_of("a", 2) for _ in range(5)] == [0, 0, 0, 0, 1]
    assert buckets.wait_of("b", 2) == 0
    now[0] += 0.5
    assert [buckets.wait_of("a", 2) for _ in range(2)] == [0, 1]
    assert [buckets.wait_of("c", 0) for _ in range(1000)] == [0] * 1000


def test_streams_are_counted_for_each_client_and_together() -> None:
    streams = Streams(most_of_one=1, most=2)
    with streams.counted("a"):
        assert (streams.is_full("a"), streams.is_full("b")) == (True, False)
        with streams.counted("b"):
            assert streams.is_full("c")
    assert not streams.is_full("a")
