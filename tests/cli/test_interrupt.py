"""^C, SIGTERM, a closed terminal, SIGKILL: nothing that a job started stays behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from tests.runner_command import Project

STUBBORN = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK:
              script:
                - sleep 300 & echo $! >> {pids}
                - setsid sleep 300 & echo $! >> {pids}
                - (setsid sh -c 'sleep 300 & echo $! >> {pids}' &)
                - echo $$ >> {pids}
                - until [ "$(wc -l < {pids})" -ge 4 ]; do sleep 0.02; done
                - echo ready
                - until [ -e {go} ]; do sleep 0.02; done
                - echo more
                - sleep 300
        on_failure: {{script: ["touch {hook}"]}}
        always: {{script: ["touch {hook}"]}}
      - {{name: b, type: runSh, steps: [IN: a, TASK: {{script: [echo never]}}]}}
"""


def begin(project: Project) -> tuple[subprocess.Popen[str], list[int], Path]:
    """A run whose job has started four processes, two of them in sessions of their own."""
    pids, hook, go = (project.directory / name for name in ("pids", "hook", "go"))
    project.write(STUBBORN.format(pids=pids, hook=hook, go=go))
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    while running.stdout.readline().strip() != "a/1 | ready":
        pass
    return running, [int(line) for line in pids.read_text().split()], hook


def wait_until_gone(pids: list[int]) -> None:
    """Returns when none of the processes runs; the test's own time limit is the limit."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        poll = select.poll()
        poll.register(descriptor)
        assert poll.poll(20_000), f"process {pid} is still there"
        os.close(descriptor)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_cancels_its_jobs_and_leaves_no_process(project: Project, number: signal.Signals) -> None:
    running, pids, hook = begin(project)
    running.send_signal(number)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 130
    wait_until_gone(pids)
    assert not hook.exists()
    assert "a/1: cancelled after" in out
    assert "not run: b: not started: interrupted by" in out
    row = project.runner("builds", "--json").events[0]
    assert (row["status"], row["reason"]) == ("cancelled", f"interrupted by {number.name}")


def test_a_killed_run_takes_its_jobs_with_it(project: Project) -> None:
    running, pids, hook = begin(project)
    running.kill()
    running.communicate(timeout=30)
    wait_until_gone(pids)
    assert not hook.exists()


def test_a_reader_that_goes_away_interrupts_the_run(project: Project) -> None:
    running, pids, hook = begin(project)
    assert running.stdout is not None
    running.stdout.close()
    (project.directory / "go").touch()  # now the job prints, and there is nobody to show it to
    running.wait(timeout=30)
    assert running.returncode == 130
    wait_until_gone(pids)
    assert not hook.exists()
    assert "output cannot be written" in project.runner("builds", "--json").events[0]["reason"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_a_build_is_prepared_ends_the_preparation(project: Project, number: signal.Signals) -> None:
    begun = project.directory / "begun"
    command = f"[sh, -c, 'echo $$ > {begun}.new; mv {begun}.new {begun}; sleep 300']"
    project.integrations(f"integrations: [{{name: kv, type: keyValuePair, envs: {{A: {{command: {command}}}}}}}]")
    project.write("jobs: [{name: a, type: runSh, integrations: [kv], steps: [TASK: {script: [echo never]}]}]")
    running = project.start("run", "--output", "plain")
    while not begun.exists():
        assert running.poll() is None
        os.sched_yield()
    for _ in range(2):  # the second one changes nothing and breaks nothing
        running.send_signal(number)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 130, out
    assert "never" not in out.replace("echo never", "")
    wait_until_gone([int(begun.read_text())])
    assert project.runner("builds", "--json").events[0]["status"] == "cancelled"
