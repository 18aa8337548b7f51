"""Detached runs, cancel from any process, and SIGKILL of everything: nothing is lost, nothing runs twice."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.execution.processes import alive
from tests.runner_command import Project

CHAIN = """
    resources:
      - {{name: img, type: image, versionTemplate: {{sourceName: r, versionName: "0"}}}}
    jobs:
      - name: a
        type: runSh
        steps:
          - OUT: img
          - TASK:
              script:
                - echo a >> {ran}
                - echo begun
                - 'read line < {gate}'
                - echo "got $line"
                - shipctl put_resource_state img versionName "$line"
                - echo kept > $JOB_STATE/file
      - name: b
        type: runSh
        steps:
          - IN: img
          - TASK: {{script: ['echo b >> {ran}', 'echo "b has $IMG_VERSIONNAME"']}}
"""


class Detached:
    """A run in the background whose job `a` waits at a gate."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.ran = project.directory / "ran"
        self._path = project.directory / "gate"
        os.mkfifo(self._path)
        self._gate = os.open(self._path, os.O_RDWR)
        project.write(CHAIN.format(ran=self.ran, gate=self._path))

    def start(self, *arguments: str) -> None:
        """Returns when the script of `a` runs."""
        said = self.project.runner("run", "--detach", *arguments)
        assert said.code == 0, said.err
        assert "run 1 goes on in the background" in said.out
        self.until("a/1", '"text":"begun"')

    def deaf_to_term(self) -> None:
        """Let the script of `a` end by KILL alone."""
        file = self.project.directory / "shippable.yml"
        file.write_text(file.read_text().replace("- echo begun", "- trap '' TERM\n            - echo begun"))

    def wait_for_the_end_of_the_run(self) -> None:
        """Wait until nobody leads the run any more, or it has ended."""
        with contextlib.suppress(FileNotFoundError), (self.project.directory / ".runner/runs/1.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)

    def until(self, build: str, text: str) -> None:
        """Wait until the log of a build holds a text."""
        following = self.project.start("logs", "-f", "--json", build)
        assert following.stdout is not None
        while text not in (line := following.stdout.readline()):
            assert line, f"the log of {build} ended without {text}"
        following.kill()
        following.communicate()

    def open_gate(self, line: str) -> None:
        os.write(self._gate, f"{line}\n".encode())

    def kill_leader(self) -> None:
        """SIGKILL for the process that leads the run; returns when it is gone."""
        kill(leader(self.project))

    def kill_supervisor(self, build: int = 1) -> None:
        lock = self.project.directory / ".runner" / "builds" / str(build) / "lock"
        kill(json.loads(lock.read_text())["pid"])

    def rows(self) -> dict[str, dict[str, object]]:
        return {row["job"]: row for row in self.project.runner("builds", "--json").events}

    def finish(self) -> None:
        """Follow both builds to their ends."""
        for build in ("a/1", "b/1"):
            said = self.project.runner("logs", "-f", "--json", build)
            assert said.code == 0, said.err
            assert [record["seq"] for record in said.events] == list(range(1, len(said.events) + 1))
            assert said.events[-1]["type"] == "result"

    def close(self) -> None:
        os.close(self._gate)


def leader(project: Project) -> int:
    """The pid of the process that leads run 1."""
    return int((project.directory / ".runner" / "runs" / "1.lock").read_text())


def kill(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(20_000)
    os.close(descriptor)


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        assert poll.poll(20_000)
        os.close(descriptor)


@pytest.fixture
def run(project: Project) -> Iterator[Detached]:
    made = Detached(project)
    yield made
    made.close()


def assert_whole(run: Detached) -> None:
    """Both jobs ran once, and what `a` published reached `b`."""
    assert run.ran.read_text().split() == ["a", "b"]
    rows = run.rows()
    assert {job: row["status"] for job, row in rows.items()} == {"a": "success", "b": "success"}
    assert rows["b"]["triggered_by"] == "img"
    assert "b has v7" in run.project.runner("logs", "b").out
    assert not (run.project.directory / ".runner" / "runs" / "1.lock").exists()


def test_a_detached_run_goes_on_after_its_command_has_ended(run: Detached) -> None:
    run.start()
    run.open_gate("v7")
    run.finish()
    assert_whole(run)


def test_a_detached_run_goes_on_when_its_leader_is_killed(run: Detached) -> None:
    run.start()
    run.kill_leader()
    assert run.rows()["a"]["status"] == "processing"  # and now it is led again
    run.open_gate("v7")
    run.finish()
    assert_whole(run)


def test_a_build_that_ended_while_nobody_led_is_finished_by_the_next_process(run: Detached) -> None:
    run.start()
    run.kill_leader()
    place = run.project.directory / ".runner" / "builds" / "1"
    supervisor = os.pidfd_open(json.loads((place / "lock").read_text())["pid"])
    run.open_gate("v7")
    poll = select.poll()
    poll.register(supervisor, select.POLLIN)
    assert poll.poll(20_000)
    os.close(supervisor)
    assert (place / "result.json").exists()
    run.rows()
    run.finish()
    assert_whole(run)


def test_a_leader_that_is_killed_again_and_again_loses_nothing(run: Detached) -> None:
    run.start()
    for _ in range(2):
        run.kill_leader()
        run.rows()
    run.open_gate("v7")
    run.finish()
    assert_whole(run)


@pytest.mark.parametrize("led", [True, False])
def test_a_build_whose_supervisor_is_killed_is_an_error_and_nothing_of_it_is_left(run: Detached, led: bool) -> None:
    run.start()
    if not led:
        run.kill_leader()
    run.kill_supervisor()
    said = run.project.runner("logs", "-f", "a/1")
    assert "the supervisor ended without a result" in said.out
    row = run.rows()["a"]
    assert (row["status"], row["ended_by"]) == ("error", "runner")
    left = row["left_alive"]
    assert isinstance(left, list)
    for told in left:
        assert not alive(int(told.split()[0]))
    assert left


@pytest.mark.parametrize("led", [True, False])
def test_a_build_can_be_cancelled_from_any_process(run: Detached, led: bool) -> None:
    run.start()
    if not led:
        run.kill_leader()
    said = run.project.runner("cancel", "a", "--reason", "not needed")
    assert (said.code, said.out) == (0, "a/1: cancelled: not needed\n")
    assert run.rows()["a"]["ended_by"] == "user"
    assert re.fullmatch(r"a/1 has ended already: cancelled\n", run.project.runner("cancel", "a/1").out)


def test_a_whole_run_can_be_cancelled(run: Detached) -> None:
    run.start()
    said = run.project.runner("cancel", "--run", "1")
    assert said.code == 0
    assert said.out.startswith("a/1: cancelled: cancelled by ")
    assert "b" not in run.rows()
    assert "run 1 has ended already" in run.project.runner("cancel", "--run", "1").err


def test_a_build_is_ended_also_where_the_process_that_leads_it_is_stopped(run: Detached) -> None:
    run.start()
    supervisor = json.loads((run.project.directory / ".runner" / "builds" / "1" / "lock").read_text())["pid"]
    stopped = leader(run.project)
    os.kill(stopped, signal.SIGSTOP)
    said = run.project.runner("cancel", "a")
    assert said.code == 1
    assert f"does not answer: timed out (process {stopped}); its builds were told to end all the same" in said.err
    wait_until_gone(supervisor)
    os.kill(stopped, signal.SIGCONT)
    assert "cancelled" in run.project.runner("logs", "-f", "a/1").out


def test_a_supervisor_that_a_job_has_stopped_keeps_nobody_from_cancelling(project: Project) -> None:
    script = "[echo begun, 'kill -STOP $PPID; sleep 600']"
    project.write(f"jobs: [{{name: a, type: runSh, runtime: {{grace: 1}}, steps: [TASK: {{script: {script}}}]}}]")
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    while running.stdout.readline() != "a/1 | begun\n":
        assert running.poll() is None
    lock = json.loads((project.directory / ".runner" / "builds" / "1" / "lock").read_text())
    while Path(f"/proc/{lock['pid']}/stat").read_text().rpartition(") ")[2][0] != "T":
        os.sched_yield()
    assert "a/1: cancelled" in project.runner("cancel", "a").out
    running.communicate(timeout=30)


def test_a_run_in_the_foreground_can_be_cancelled_from_another_process(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [echo begun, sleep 600]}]}]")
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    while running.stdout.readline() != "a/1 | begun\n":
        assert running.poll() is None
    assert "a/1: cancelled: cancelled by" in project.runner("cancel", "a").out
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 1, out


def test_a_result_that_nobody_recorded_counts_for_a_run_in_the_foreground_too(project: Project) -> None:
    """Its process is killed in the moment between the end of the script and the record of it."""
    ran, stop = project.directory / "ran", project.directory / "stop"
    text = CHAIN.format(ran=ran, gate="/dev/null").replace("'read line < /dev/null'", f"line=v7; touch {stop}; sleep 1")
    project.write(text)
    running = project.start("run", "--output", "plain")
    while not stop.exists():
        assert running.poll() is None
        os.sched_yield()
    lock = json.loads((project.directory / ".runner" / "builds" / "1" / "lock").read_text())
    supervisor = os.pidfd_open(lock["pid"])
    running.send_signal(signal.SIGSTOP)
    poll = select.poll()
    poll.register(supervisor, select.POLLIN)
    assert poll.poll(20_000)
    os.close(supervisor)
    running.kill()
    running.communicate()
    said = project.runner("builds", "--json")
    assert "1 build of an earlier run that was killed" in said.err
    (row,) = said.events
    assert (row["status"], row["ended_by"]) == ("success", "script")
    assert "b has v7" in project.runner("run", "--job", "b", "--output", "plain").out
    assert ran.read_text().split() == ["a", "b"]


def test_a_cancelled_run_stays_cancelled_when_its_leader_is_killed_in_the_grace_period(run: Detached) -> None:
    run.deaf_to_term()
    run.start("--grace", "2")
    assert run.project.runner("cancel", "--run", "1", "--no-wait").code == 0
    run.kill_leader()
    run.rows()
    assert "cancelled" in run.project.runner("logs", "-f", "a/1").out
    assert {job: row["status"] for job, row in run.rows().items()} == {"a": "cancelled"}


def test_a_build_is_gone_on_with_whatever_has_become_of_the_integrations(run: Detached) -> None:
    integrations = run.project.integrations("integrations: [{name: k, type: keyValuePair, envs: {A: some-value}}]")
    file = run.project.directory / "shippable.yml"
    file.write_text(file.read_text().replace("name: a\n", "name: a\n    integrations: [k]\n"))
    run.start()
    run.kill_leader()
    integrations.unlink()
    run.rows()
    run.open_gate("v7")
    run.finish()
    assert_whole(run)


def test_a_log_that_was_damaged_locks_nobody_out(run: Detached) -> None:
    run.start()
    run.kill_leader()
    run.kill_supervisor()
    log = run.project.directory / ".runner" / "builds" / "1" / "log.jsonl"
    log.write_bytes(log.read_bytes() + b"no record\n")
    run.rows()
    run.wait_for_the_end_of_the_run()
    assert run.rows()["a"]["status"] == "error"
    assert run.project.runner("cancel", "a").code == 0


def test_a_command_inside_a_job_leads_nothing_and_detaches_nothing(
    run: Detached, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run.start()
    run.kill_leader()
    other = Project(tmp_path_factory.mktemp("other"))
    there = run.project.directory
    other.write(f"""
        jobs:
          - name: y
            type: runSh
            steps:
              - TASK: {{script: ["runner builds -C {there}", "runner run --detach {there} || echo refused"]}}
    """)
    said = other.run()
    assert said.statuses() == {"y": "success"}
    assert said.messages("y")[-1] == "refused"
    run.rows()
    run.open_gate("v7")
    run.finish()
    assert_whole(run)


@pytest.mark.parametrize("detached", [True, False])
def test_who_follows_a_log_sees_its_end_when_its_runner_is_killed(run: Detached, detached: bool) -> None:
    if detached:
        run.start()
    else:
        foreground = run.project.start("run", "--output", "plain")
        while not (run.project.directory / ".runner" / "runs" / "1.lock").exists() or not run.ran.exists():
            os.sched_yield()
    following = run.project.start("logs", "-f", "a/1")
    assert following.stdout is not None
    while following.stdout.readline().strip() != "begun":
        assert following.poll() is None
    run.kill_leader()
    if detached:
        run.open_gate("v7")
    else:
        foreground.communicate()
    out, _ = following.communicate(timeout=30)
    assert ("success after" if detached else "the runner that started this build is gone") in out
    assert following.returncode == 0


def test_a_detached_run_that_cannot_begin_says_why_and_is_over(project: Project) -> None:
    project.integrations(
        "integrations: [{name: r, type: AWS IAM, assumeRoleARN: {command: [sh, -c, 'echo no such vault >&2; exit 3']}}]"
    )
    project.write("jobs: [{name: a, type: runSh, integrations: [r], steps: [TASK: {script: [echo never]}]}]")
    said = project.runner("run", "--detach", "--aws-sandbox")
    assert said.code == 1
    assert "exit" in said.err or "vault" in said.err
    assert not list((project.directory / ".runner" / "runs").glob("*.lock"))


ROLE = """
    integrations:
      - {name: deployer, type: AWS IAM, assumeRoleARN: "arn:aws:iam::123456789012:role/deploy"}
"""
ASKING = """
    resources: [{{name: aws, type: integration, integration: deployer}}]
    jobs:
      - name: a
        type: runSh
        steps:
          - IN: aws
          - TASK:
              script:
                - ask() {{ runner aws whoami --json; }}
                - ask; echo begun
                - 'read line < {gate}'
                - ask; echo again
                - shipctl aws-credentials deployer | grep -o 'SecretAccessKey.*'
"""


def test_credentials_are_served_by_the_next_leader_to_a_build_that_runs_on(run: Detached) -> None:
    project = run.project
    project.integrations(ROLE)
    project.write(ASKING.format(gate=project.directory / "gate"))
    run.start("--aws-sandbox")
    run.kill_leader()
    run.rows()
    run.open_gate("go")
    said = project.runner("logs", "-f", "--json", "a/1")
    messages = [record["text"] for record in said.events if record["type"] == "message" and "level" not in record]
    first, second = (json.loads(text)["arn"] for text in messages if text.startswith("{"))
    assert first.startswith("arn:aws:sts::123456789012:assumed-role/deploy/")
    assert second == first  # the same session, for one trail in the account's records
    assert messages[-1].startswith('SecretAccessKey": "****", "SessionToken": "****"')
    assert run.rows()["a"]["status"] == "success"
