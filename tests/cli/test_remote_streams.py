"""Logs of a service over lost connections and restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from runner.client.address import Address
from runner.client.client import Client
from runner.client.copying import LogCopy
from runner.client.failures import LostError
from tests.cli.breaking_proxy import BreakingProxy, breaking
from tests.cli.remote_service import Command, ServiceProcess
from tests.daemon.running import PATIENCE_S, Host
from tests.runner_command import RUNNER

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


@dataclass(frozen=True, slots=True)
class Running:
    """A service; `begun` is written by the job `wait`, which then waits until something is written to `go`."""

    service: ServiceProcess
    directory: Path
    begun: Path
    go: Path


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    host = Host(tmp_path_factory.mktemp("service"))
    host.write(PIPELINE.format(host.directory))
    service = ServiceProcess(host)
    service.start(until="pipeline.applied")
    try:
        yield Running(service, host.directory, host.pipe("begun"), host.pipe("go"))
    finally:
        service.stop()


@pytest.fixture
def runner(there: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("RUNNER_HOST", there.service.url)
    return Command(monkeypatch, capsys)


def test_no_record_is_lost_or_given_twice_wherever_connections_break(
    runner: Command, there: Running, tmp_path: Path
) -> None:
    build = _count(runner)
    with breaking(there.directory, [40, 350, 1, 1000, 7777, 2]) as proxy:
        copy = LogCopy(Client(Address.parse(proxy.url)), build, tmp_path / "copy.jsonl")
        copy.follow()
        assert (copy.failed, copy.whole, proxy.broken) == (None, True, 6)
    assert copy.log.read_text() == runner("logs", "count", "--json").out


def test_a_service_that_stays_away_is_given_up_with_a_sentence(runner: Command, there: Running, tmp_path: Path) -> None:
    build = _count(runner)
    told: list[str] = []
    with breaking(there.directory, [1000]) as proxy:
        copy = _impatient(proxy, build, tmp_path / "copy.jsonl", told)
        copy.follow()
    assert isinstance(copy.failed, LostError)
    assert "(given up after 0 s)" in str(copy.failed)
    assert len(told) == 1
    assert not copy.log.exists()


def test_a_run_goes_on_over_a_restart_of_the_service(runner: Command, there: Running) -> None:
    def restart() -> None:
        there.begun.read_text()
        there.service.stop()
        there.service.start(until="service.ready")
        there.go.write_text("\n")

    thread = threading.Thread(target=restart)
    thread.start()
    said = runner("run", "--job", "wait", "--output", "plain")
    thread.join()
    assert said.code == 0
    printed = [line.partition(" | ")[2] for line in said.out.splitlines()]
    assert [line for line in printed if line in ("before", "after")] == ["before", "after"]


def test_drain_tells_the_ends_of_what_it_waits_for_and_now_ends_it(runner: Command, there: Running) -> None:
    name = _begun(runner, there)
    assert runner("drain").out == f"{name} runs\nnothing more is started; 1 build still to end (--wait waits)\n"
    draining = subprocess.Popen([RUNNER, "drain", "--wait"], stdout=subprocess.PIPE, text=True)
    try:
        assert draining.stdout is not None
        assert draining.stdout.readline() == f"{name} runs\n"
    finally:
        there.go.write_text("\n")
        said, _ = draining.communicate(timeout=PATIENCE_S)
        runner("drain", "--off")  # the tests after this one start builds
    assert said.splitlines() == [f"{name}: success", "nothing runs any more"]
    name = _begun(runner, there)
    assert f"{name}: cancelled: the service is drained by" in runner("drain", "--now", "--wait").out
    runner("drain", "--off")


def test_a_build_that_runs_is_cancelled_and_its_end_is_what_a_follower_sees_last(
    runner: Command, there: Running
) -> None:
    name = _begun(runner, there)

    assert runner("cancel", name, "--reason", "enough").out == f"{name}: cancelled: enough\n"
    lines = runner("logs", "-f", name, "--tail", "1").out.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(": enough")


def test_an_interrupt_cancels_what_was_started_and_waits_for_its_end(runner: Command, there: Running) -> None:
    def interrupt() -> None:
        there.begun.read_text()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    said = runner("run", "--job", "wait", "--output", "plain")
    thread.join()
    assert said.code == 130
    assert ": cancelled after" in said.out


@pytest.mark.parametrize("kind", ["plain", "json"])
def test_a_reader_that_goes_away_ends_a_run_quietly_and_leaves_the_builds_alone(
    runner: Command, there: Running, kind: str
) -> None:
    following = _unread(there, "run", "--job", "wait", "--output", kind)
    assert (following.returncode, following.stderr) == (130, "")
    runner("logs", "-f", "wait")  # until the build has ended
    (build,) = runner("builds", "wait", "-n", "1", "--json").events
    assert build["status"] == "success"


def test_a_reader_of_a_log_that_goes_away_ends_it_quietly(runner: Command, there: Running) -> None:
    following = _unread(there, "logs", "-f", _begun(runner, there))
    assert (following.returncode, following.stderr) == (0, "")


def _unread(there: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command whose output is read up to what the job `wait` says first, and no further."""
    following = subprocess.Popen([RUNNER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert following.stdout is not None
    assert following.stderr is not None
    assert any("before" in line and "echo" not in line for line in following.stdout)
    following.stdout.close()
    if arguments[0] == "run":
        there.begun.read_text()
    there.go.write_text("\n")
    errors = following.stderr.read()
    following.stderr.close()
    return subprocess.CompletedProcess(following.args, following.wait(PATIENCE_S), "", errors)


def _count(runner: Command) -> int:
    """The id of a build whose log is long enough to be broken."""
    assert runner("run", "--job", "count").code == 0
    (build,) = runner("builds", "count", "-n", "1", "--json").events
    return int(build["id"])


def _begun(runner: Command, there: Running) -> str:
    """The name of a build of `wait` that runs."""
    name = runner("run", "--job", "wait", "--detach").out.split(" ")[0]
    there.begun.read_text()
    return name


def _impatient(proxy: BreakingProxy, build: int, log: Path, told: list[str]) -> LogCopy:
    """It gives up soon; nobody is let in any more once it has got something."""
    return LogCopy(
        Client(Address.parse(proxy.url)),
        build,
        log,
        begun=proxy.close,
        told=told.append,
        limit=timedelta(seconds=0.1),
    )
