"""The rules of script hooks, one test for each row of their table."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.pipeline.model import Hooks
from tests.execution.conftest import Run
from tests.execution.harness import ALL_HOOKS, Job, hooks, task


def after_success(*script: str) -> Hooks:
    return hooks(on_success=script, on_failure=("echo F",), always=("echo A",))


def in_always(*script: str) -> Hooks:
    return hooks(on_success=("echo S",), on_failure=("echo F",), always=script)


def after_failure(*script: str) -> Hooks:
    return hooks(on_success=("echo S",), on_failure=script, always=("echo A",))


async def test_only_the_last_task_that_succeeds_runs_hooks(tmp_path: Path) -> None:
    ran = await Job(place=tmp_path, tasks=(task("echo 1", name="a"), task("echo 2", name="b")), hooks=ALL_HOOKS).run()
    assert ran.result.status == "success"
    assert ran.lines == ["1", "2", "S", "A"]
    parents = {r["text"]: r["parent"] for r in ran.records if r["type"] == "command"}
    groups = {r["step"]: r["id"] for r in ran.records if r["type"] == "group"}
    assert parents["on_success"] == parents["always"] == groups["b"]


async def test_any_task_that_fails_runs_on_failure_and_always_in_its_shell(tmp_path: Path) -> None:
    first, second = task("x=seen; false", name="a"), task("echo never", name="b")
    ran = await Job(place=tmp_path, tasks=(first, second), hooks=after_failure("echo $x")).run()
    assert ran.result.status == "failure"
    assert ran.lines == ["seen", "A"]


@pytest.mark.parametrize(
    ("script", "given", "status", "lines"),
    [
        pytest.param("true", after_success("false", "echo on"), "success", ["on", "A"], id="on_success, failing entry"),
        pytest.param("true", after_success("false\necho on"), "success", ["on", "A"], id="on_success, failing line"),
        pytest.param("true", after_success("set -e\nfalse\necho on"), "success", ["on", "A"], id="on_success, set -e"),
        pytest.param("set -E", after_success("false\necho on"), "success", ["on", "A"], id="on_success, set -E"),
        pytest.param("true", after_success("echo on", "false"), "success", ["on", "A"], id="on_success, fails last"),
        pytest.param("true", in_always("false", "echo on"), "success", ["S", "on"], id="always, failing entry"),
        pytest.param("false", after_failure("false", "echo on"), "failure", ["on", "A"], id="on_failure, failing"),
        pytest.param("true", after_success("exit 0", "echo no"), "success", [], id="on_success, exit 0"),
        pytest.param("true", after_success("exit 3", "echo no"), "failure", [], id="on_success, exit 3"),
        pytest.param("true", in_always("exit 0", "echo no"), "success", ["S"], id="always, exit 0"),
        pytest.param("true", in_always("exit 3", "echo no"), "failure", ["S"], id="always, exit 3"),
        pytest.param("false", after_failure("exit 0", "echo no"), "failure", [], id="on_failure, exit 0"),
        pytest.param("false", after_failure("exit 3", "echo no"), "failure", [], id="on_failure, exit 3"),
        pytest.param("false", in_always("exit 0", "echo no"), "failure", ["F"], id="always after a failure, exit 0"),
        pytest.param("true", after_success("return 3", "echo no"), "success", ["A"], id="on_success, return"),
        pytest.param("true", after_success("f() { echo on; }", "f"), "success", ["on", "A"], id="functions hold"),
    ],
)
async def test_what_a_hook_does_to_the_rest(run: Run, script: str, given: Hooks, status: str, lines: list[str]) -> None:
    ran = await run(script, hooks=given)
    assert (ran.result.status, ran.lines) == (status, lines)


async def test_a_hook_that_exits_makes_a_success_a_failure_with_its_status(run: Run) -> None:
    ran = await run("true", hooks=after_success("exit 3"))
    assert (ran.result.exit_code, ran.result.reason) == (3, "task 'Task 0' failed: in a hook: exit status 3")
    assert ran.commands == [("true", 0), ("on_success", 3)]


async def test_a_failed_task_keeps_its_status_whatever_its_hooks_do(run: Run) -> None:
    ran = await run("exit 7", hooks=after_failure("exit 3"))
    assert ran.result.exit_code == 7
    assert ran.commands == [("exit 7", 7), ("on_failure", 3)]


async def test_hooks_run_in_a_copy_of_the_shell(run: Run) -> None:
    given = hooks(on_success=("x=changed; cd /",), always=("echo $x; pwd > always", "echo $x"))
    ran = await run("x=original", hooks=given)
    assert ran.lines == ["changed", "changed"]
    assert ran.result.status == "success"


async def test_hooks_are_commands_with_their_own_names_in_the_order_of_the_log(run: Run) -> None:
    ran = await run("echo ok", "false", hooks=ALL_HOOKS)
    assert ran.story == [
        "> echo ok", "ok", "< 0", "> false", "< 1",
        "> on_failure", "F", "< 0", "> always", "A", "< 0", "< 1",
    ]  # fmt: skip


async def test_a_hook_that_kills_the_shell_makes_the_job_a_failure(run: Run) -> None:
    ran = await run("true", hooks=after_success("kill -9 $$", "sleep 60"))
    assert (ran.result.status, ran.result.signal) == ("failure", 9)
    assert ran.lines == []


async def test_a_hook_that_is_killed_makes_a_success_a_failure(run: Run) -> None:
    ran = await run("true", hooks=after_success("kill -9 $BASHPID"))
    assert (ran.result.status, ran.result.exit_code) == ("failure", 137)
