"""The shell rules of a TASK, one test for each row of their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.execution.conftest import Run
from tests.execution.harness import ALL_HOOKS, Job, hooks, task

Rows = Any  # pytest's own type of a parameter set is private

PASSING: list[Rows] = [
    pytest.param("false | true", [], id="only the last command of a pipe counts: no pipefail"),
    pytest.param("if false; then echo no; fi", [], id="an if whose condition is false"),
    pytest.param("[ -f none ] && echo no\necho on", ["on"], id="a false test before && in the middle"),
    pytest.param("false && true\necho on", ["on"], id="a failing && list in the middle"),
    pytest.param("f() { false; echo on; }; f", ["on"], id="a failure in a function, not last"),
    pytest.param("( false; echo on )", ["on"], id="a failure in a subshell, not last"),
    pytest.param("set -e; f() { false; echo on; }; f", ["on"], id="set -e has no effect in functions"),
    pytest.param("set -e\n( false; echo on )", ["on"], id="set -e has no effect in subshells"),
    pytest.param("x=$(false; echo on); echo $x", ["on"], id="a failure in a substitution, not last"),
    pytest.param("trap 'echo caught' ERR\nfalse\necho on", ["caught", "on"], id="a trap on ERR replaces the check"),
    pytest.param("trap '' ERR\nfalse\necho on", ["on"], id="an ignored ERR replaces the check"),
    pytest.param("false || echo on", ["on"], id="a failure that is answered"),
    pytest.param("! false", [], id="a negated failure"),
    pytest.param("return 0\necho no", [], id="return 0 ends the entry"),
    pytest.param("", [], id="an empty entry"),
    pytest.param("# only a comment", [], id="a comment"),
    pytest.param("break; echo on", ["on"], id="break outside of a loop"),
]

FAILING: list[Rows] = [
    pytest.param("false", 1, id="a failing command"),
    pytest.param("false\necho no", 1, id="a failing line in the middle"),
    pytest.param("x=$(false)", 1, id="an assignment from a failing substitution"),
    pytest.param("x=$(exit 7)\necho no", 7, id="an assignment from a failing substitution in the middle"),
    pytest.param("! true", 1, id="a negated success as the last command"),
    pytest.param("echo 'false' > f.sh; . ./f.sh", 1, id="a sourced file that fails"),
    pytest.param("echo 'false; echo no' > f.sh; . ./f.sh", 1, id="a failing line of a sourced file"),
    pytest.param("for i in 1 2; do false; echo no; done", 1, id="a failure in the body of a for"),
    pytest.param("[ -f none ] && echo no", 1, id="a false test before && as the last line"),
    pytest.param("false && true", 1, id="a failing && list as the last line"),
    pytest.param("f() { false; }; f\necho no", 1, id="a function whose last command fails"),
    pytest.param("( exit 5 )\necho no", 5, id="a subshell that fails"),
    pytest.param("set +e\nfalse", 1, id="set +e does not change what an entry's status means"),
    pytest.param("set +e\nfalse\necho no", 1, id="set +e does not change what a failing line does"),
    pytest.param("set -e\nfalse\necho no", 1, id="set -e"),
    pytest.param("set -E; f() { false; echo no; }; f", 1, id="set -E brings the check into functions"),
    pytest.param("trap 'true' ERR\nfalse", 1, id="with a trap on ERR the last status counts"),
    pytest.param("exit 3", 3, id="exit with a status"),
    pytest.param("return 4\necho no", 4, id="return with a status"),
    pytest.param("kill -TERM $$", 143, id="the shell sends TERM to itself"),
    pytest.param("kill -USR1 $$", 138, id="the shell sends another signal to itself"),
    pytest.param("command_that_is_not_there", 127, id="an unknown command"),
    pytest.param("echo 'unclosed", 2, id="a syntax error in the entry"),
    pytest.param("if true; then\necho no", 2, id="an unfinished command"),
    pytest.param("set -u\necho $none", 1, id="an unset variable under set -u"),
]


@pytest.mark.parametrize(("script", "lines"), PASSING)
async def test_an_entry_that_passes_is_followed_by_the_next(run: Run, script: str, lines: list[str]) -> None:
    ran = await run(script, "echo next", hooks=ALL_HOOKS)
    assert (ran.result.status, ran.result.exit_code, ran.result.reason) == ("success", 0, None)
    assert [line for line in ran.lines if "break:" not in line] == [*lines, "next", "S", "A"]
    assert ran.commands == [(script, 0), ("echo next", 0), ("on_success", 0), ("always", 0)]


@pytest.mark.parametrize(("script", "status"), FAILING)
async def test_an_entry_that_fails_ends_the_task_with_its_status(run: Run, script: str, status: int) -> None:
    ran = await run(script, "echo next", hooks=ALL_HOOKS)
    assert (ran.result.status, ran.result.exit_code) == ("failure", status)
    assert ran.result.reason == f"task 'Task 0' failed: exit status {status}"
    assert ran.commands == [(script, status), ("on_failure", 0), ("always", 0)]
    assert not {"no", "next", "S"} & set(ran.lines)
    assert ran.lines[-2:] == ["F", "A"]


@pytest.mark.parametrize(
    ("script", "exit_code", "signal"),
    [
        pytest.param("exec true", None, None, id="exec of a command that succeeds"),
        pytest.param("exec sh -c 'exit 9'", 9, None, id="exec of a command that fails"),
        pytest.param("kill -9 $$", None, 9, id="the shell kills itself"),
        pytest.param("trap '' EXIT; exit 0", None, None, id="an ignored EXIT, then exit"),
        pytest.param("trap 'echo bye' EXIT; exit 6", 6, None, id="another trap on EXIT, then exit"),
        pytest.param("exec 248>&-", 1, None, id="the channel to the supervisor closed"),
        pytest.param("set -n", None, None, id="a shell that no longer executes"),
    ],
)
async def test_a_shell_that_ends_without_its_word_is_a_failure_without_hooks(
    run: Run, script: str, exit_code: int | None, signal: int | None
) -> None:
    ran = await run(script, "echo next", hooks=ALL_HOOKS)
    assert (ran.result.status, ran.result.exit_code, ran.result.signal) == ("failure", exit_code, signal)
    assert ran.commands == [(script, exit_code)]
    assert not {"next", "S", "F", "A"} & set(ran.lines)


async def test_exit_0_ends_the_task_as_a_success_and_the_next_task_runs(tmp_path: Path) -> None:
    tasks = (task("echo one; exit 0", "echo never", name="a"), task("echo two", "exit 0\necho never", name="b"))
    ran = await Job(place=tmp_path, tasks=tasks, hooks=ALL_HOOKS).run()
    assert ran.result.status == "success"
    assert ran.lines == ["one", "two", "S", "A"]


async def test_a_failed_task_is_the_last_one(tmp_path: Path) -> None:
    ran = await Job(place=tmp_path, tasks=(task("exit 2", name="a"), task("echo never", name="b"))).run()
    assert (ran.result.status, ran.result.task) == ("failure", "a")
    assert ran.lines == []
    groups = [(r["name"], r["step"]) for r in ran.records if r["type"] == "group"]
    assert groups == [("Executing task: a", "a")]


async def test_what_an_entry_sets_holds_for_the_next_entries_and_the_hooks(run: Run) -> None:
    ran = await run(
        "plain=1; declare -A map=([k]=2); f() { echo $plain ${map[k]}; }; set -f; set -- p q; mkdir d; cd d",
        'f; echo *; echo "$@"; basename "$PWD"',
        hooks=hooks(on_success=("f; echo *; set +f", 'basename "$PWD"')),
    )
    assert ran.lines == ["1 2", "*", "p q", "d", "1 2", "*", "d"]


async def test_nothing_but_files_crosses_from_task_to_task(tmp_path: Path) -> None:
    first = task("x=1; export y=2; f() { :; }; mkdir d; cd d; echo kept > ../file", name="a")
    second = task('echo "${x-}${y-}"; type f 2>/dev/null || echo gone; cat file', name="b")
    ran = await Job(place=tmp_path, tasks=(first, second)).run()
    assert ran.lines == ["", "gone", "kept"]


async def test_a_task_starts_in_the_build_directory_with_empty_input(tmp_path: Path) -> None:
    ran = await Job(place=tmp_path, tasks=(task("pwd; cat; umask"),)).run()
    assert ran.lines == [str(tmp_path / "build"), "0022"]


async def test_an_empty_script_is_a_success_and_its_hooks_run(run: Run) -> None:
    ran = await run(hooks=ALL_HOOKS)
    assert ran.result.status == "success"
    assert ran.lines == ["S", "A"]


async def test_a_users_exit_trap_is_gone_at_the_next_entry(run: Run) -> None:
    ran = await run("trap 'echo mine' EXIT", "exit 0", hooks=ALL_HOOKS)
    assert ran.result.status == "success"
    assert ran.lines == ["S", "A"]


async def test_the_interpreter_is_bash_with_e(run: Run) -> None:
    ran = await run('[[ $- == *e* && -n $BASH_VERSION ]] && echo "$#"')
    assert ran.lines == ["0"]


async def test_a_message_of_bash_names_the_line_of_the_entry(run: Run) -> None:
    ran = await run("echo a\n\nnowhere_to_be_found")
    assert ran.lines[1].endswith("yml_task_0.sh: line 3: nowhere_to_be_found: command not found")


async def test_an_entry_may_remove_everything_from_the_build_directory(run: Run) -> None:
    ran = await run("rm -rf ./*", "echo on")
    assert ran.result.status == "success"
    assert ran.lines == ["on"]


async def test_signals_that_python_ignores_are_not_ignored_in_jobs(run: Run) -> None:
    ran = await run("sh -c 'trap'; set -o pipefail; yes | head -1 || echo $?")
    assert ran.lines == ["y", "141"]
