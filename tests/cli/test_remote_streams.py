"""Logs of a service over lost connections and restarts."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from runner.client.address import Address
from runner.client.client import Client
from runner.client.copying import LogCopy
from runner.client.failures import LostError
from tests.cli.breaking_proxy import breaking
from tests.cli.remote_service import Command, ServiceProcess, ServiceThread, running
from tests.daemon.running import Host

PIPELINE = """
jobs:
  - name: count
    type: runSh
    steps:
      - TASK: {{script: ['for i in $(seq 300); do echo "line $i"; done']}}
  - name: wait
    type: runSh
    steps:
      - TASK: {{script: ['echo before', 'echo > {0}/begun', 'read < {0}/go', 'echo after']}}
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceThread]:
    host = Host(tmp_path)
    host.write(PIPELINE.format(tmp_path))
    with running(host) as service:
        yield service


@pytest.fixture
def runner(service: ServiceThread, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("RUNNER_HOST", service.url)
    return Command(monkeypatch, capsys)


def test_no_record_is_lost_or_given_twice_wherever_connections_break(runner: Command, service: ServiceThread) -> None:
    assert runner("run", "--job", "count").code == 0
    whole = runner("logs", "count", "--json").out
    with breaking(service.host.directory, [40, 350, 1, 1000, 7777, 2]) as proxy:
        copy = LogCopy(Client(Address.parse(proxy.url)), 1, service.host.directory / "copy.jsonl")
        copy.follow()
        assert (copy.failed, copy.whole, proxy.broken) == (None, True, 6)
    assert copy.log.read_text() == whole


def test_logs_go_on_over_a_restart_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host(tmp_path)
    host.write(PIPELINE.format(tmp_path))
    begun, go = host.pipe("begun"), host.pipe("go")
    service, runner = ServiceProcess(host), Command(monkeypatch, capsys)
    service.start(until="pipeline.applied")

    def restart() -> None:
        begun.read_text()
        service.stop()
        service.start(until="service.ready")
        go.write_text("\n")

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        said = runner("run", "--job", "wait", "--output", "plain", "--host", service.url)
        thread.join()
    finally:
        service.stop()
    assert said.code == 0
    assert [line for line in said.out.splitlines() if line in ("wait/1 | before", "wait/1 | after")] == [
        "wait/1 | before",
        "wait/1 | after",
    ]


def test_a_service_that_stays_away_is_given_up_with_a_sentence(runner: Command, service: ServiceThread) -> None:
    assert runner("run", "--job", "count").code == 0
    told: list[str] = []
    with breaking(service.host.directory, [1000]) as proxy:
        client = Client(Address.parse(proxy.url))
        copy = LogCopy(
            client,
            1,
            service.host.directory / "copy.jsonl",
            begun=proxy.close,
            told=told.append,
            limit=timedelta(seconds=0.1),
        )
        copy.follow()
    assert isinstance(copy.failed, LostError)
    assert "(given up after 0 s)" in str(copy.failed)
    assert len(told) == 1
    assert not copy.log.exists()


def test_an_interrupt_cancels_what_was_started_and_waits_for_its_end(runner: Command, service: ServiceThread) -> None:
    begun, _ = service.host.pipe("begun"), service.host.pipe("go")

    def interrupt() -> None:
        begun.read_text()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    said = runner("run", "--job", "wait", "--output", "plain")
    thread.join()
    assert said.code == 130
    assert "wait/1: cancelled" in said.out
