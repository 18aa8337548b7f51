"""Cancel, time limit and the end of a TASK: nothing of a job outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from runner.execution.launcher import Supervised
from tests.execution.conftest import Gate
from tests.execution.harness import ALL_HOOKS, Job, Ran, hooks, read_log, task
from tests.execution.processes import HIDING, STUBBORN, WILLING, alive, gone

HIDDEN = [
    pytest.param(hiding.replace("{}", program), id=f"{name}, {kind}")
    for name, hiding in HIDING.items()
    for kind, program in (("stubborn", STUBBORN), ("willing", WILLING))
]


GROUPS = pytest.mark.parametrize("groups", [True, False], ids=["control groups", "none"])


def job(tmp_path: Path, gate: Gate, *script: str, limit: timedelta = timedelta(minutes=5), groups: bool = True) -> Job:
    given = (gate.export,)
    return Job(place=tmp_path, tasks=(task(*script),), hooks=ALL_HOOKS, exports=given, limit=limit, groups=groups)


async def ended(build: Supervised, job: Job) -> Ran:
    return Ran(await build.wait(), read_log(job.log))


@GROUPS
@pytest.mark.parametrize("hiding", HIDDEN)
async def test_a_cancelled_build_leaves_no_process_behind(
    tmp_path: Path, gate: Gate, hiding: str, groups: bool
) -> None:
    running = job(tmp_path, gate, f"{hiding}\necho hidden > $GATE; sleep 600", groups=groups)
    build = await running.start()
    said = {await gate.line(), await gate.line()}
    build.cancel("asked by a test")
    ran = await ended(build, running)
    assert (ran.result.status, ran.result.reason) == ("cancelled", "asked by a test")
    assert (ran.result.exit_code, ran.result.signal, ran.result.task) == (None, None, "Task 0")
    assert not {"S", "F", "A"} & set(ran.lines)
    [pid] = said - {"hidden"}
    assert not alive(int(pid))


@GROUPS
@pytest.mark.parametrize("hiding", HIDDEN)
async def test_what_a_task_leaves_running_is_named_and_ended(
    tmp_path: Path, gate: Gate, hiding: str, groups: bool
) -> None:
    running = job(tmp_path, gate, f"{hiding}\nread < $GATE.go", "echo end", groups=groups)
    build = await running.start()
    pid = int(await gate.line())
    gate.go()
    ran = await ended(build, running)
    assert ran.result.status == "success"
    assert [line for line in ran.lines if line != "Terminated"] == ["end", "S", "A"]
    assert not alive(pid)
    assert [note for note in ran.notes if f"left a process running, which is being ended: {pid} (" in note]
    assert any(told.startswith(f"{pid} (") for told in ran.result.left)


async def test_a_process_that_ignores_term_is_killed_after_the_grace_period_and_named(
    tmp_path: Path, gate: Gate
) -> None:
    running = job(tmp_path, gate, f"exec {STUBBORN}")
    build = await running.start()
    pid = int(await gate.line())
    build.cancel("asked by a test")
    ran = await ended(build, running)
    assert not alive(pid)
    assert ran.notes[0] == "cancelled: asked by a test"
    assert any(f"did not end within 0.3 s and is being killed: {pid} (bash -c trap" in note for note in ran.notes)


async def test_a_script_may_clean_up_in_the_grace_period(tmp_path: Path, gate: Gate) -> None:
    script = "trap 'echo cleaned; exit 1' TERM; echo ready > $GATE; while :; do sleep 0.01; done"
    running = Job(place=tmp_path, tasks=(task(script),), exports=(gate.export,), grace=timedelta(minutes=1))
    build = await running.start()
    await gate.line()
    build.cancel("asked by a test")
    ran = await ended(build, running)
    assert ran.result.status == "cancelled"
    assert ran.lines[-1] == "cleaned"


async def test_a_build_over_its_time_limit_ends_without_hooks(tmp_path: Path, gate: Gate) -> None:
    running = job(tmp_path, gate, f"{STUBBORN} &", "sleep 600", limit=timedelta(seconds=1.5))
    ran = await running.run()
    pid = int(await gate.line())
    assert (ran.result.status, ran.result.reason) == ("timeout", "time limit of 1.5 seconds reached")
    assert not alive(pid)
    assert not {"S", "F", "A"} & set(ran.lines)


async def test_the_time_limit_holds_for_all_tasks_together(tmp_path: Path) -> None:
    tasks = (task("true", name="a"), task("sleep 600", name="b"), task("echo never", name="c"))
    ran = await Job(place=tmp_path, tasks=tasks, hooks=ALL_HOOKS, limit=timedelta(seconds=1)).run()
    assert (ran.result.status, ran.result.task) == ("timeout", "b")
    assert not {"never", "S", "F", "A"} & set(ran.lines)


async def test_a_cancel_during_a_hook_ends_the_hook(tmp_path: Path, gate: Gate) -> None:
    given = hooks(on_failure=(STUBBORN, "echo never"), always=("echo never",))
    running = Job(place=tmp_path, tasks=(task("false"),), exports=(gate.export,), hooks=given)
    build = await running.start()
    pid = int(await gate.line())
    build.cancel("asked by a test")
    ran = await ended(build, running)
    assert ran.result.status == "cancelled"
    assert "never" not in ran.lines
    assert not alive(pid)


async def test_a_cancel_before_the_first_task_runs_nothing(tmp_path: Path, gate: Gate) -> None:
    running = job(tmp_path, gate, "echo never; sleep 600")
    build = await running.start()
    build.cancel("at once")
    ran = await ended(build, running)
    assert (ran.result.status, ran.result.reason) == ("cancelled", "at once")
    assert not {"S", "F", "A"} & set(ran.lines)


async def test_only_the_first_reason_counts(tmp_path: Path, gate: Gate) -> None:
    running = job(tmp_path, gate, STUBBORN)
    build = await running.start()
    await gate.line()
    build.cancel("first")
    build.cancel("second")
    assert (await build.wait()).reason == "first"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_supervisor_that_is_asked_to_end_cancels_its_build(
    tmp_path: Path, gate: Gate, number: signal.Signals
) -> None:
    running = job(tmp_path, gate, f"setsid {STUBBORN}")
    build = await running.start()
    pid = int(await gate.line())
    os.kill(build.pid, number)
    ran = await ended(build, running)
    assert (ran.result.status, ran.result.task) == ("cancelled", "Task 0")
    assert f"was sent the signal {number.value}" in str(ran.result.reason)
    assert not alive(pid)


async def test_a_build_ends_with_its_starter_even_if_that_is_killed(tmp_path: Path, gate: Gate) -> None:
    place = tmp_path / "job"
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.execution.starter", str(place), str(gate.path), STUBBORN
    )
    pid = int(await gate.line())
    supervisor = json.loads((place / "lock").read_text())["pid"]
    starter.kill()
    await starter.wait()
    await gone(supervisor)
    assert not alive(pid)
    ran = read_log(place / "log.jsonl")
    assert "the runner that started this build is gone" in str(ran)
    assert json.loads((place / "result.json").read_text())["by"] == "runner"
