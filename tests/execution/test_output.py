"""What jobs print arrives whole, in order, and without secrets."""

from __future__ import annotations

from pathlib import Path

from tests.execution.conftest import Run
from tests.execution.harness import ALL_HOOKS, Job, task


async def test_output_stands_between_the_records_of_its_command(run: Run) -> None:
    ran = await run("echo a; echo b >&2", "seq 3", "printf 'no newline'", "(echo c; exit 1)", hooks=ALL_HOOKS)
    assert ran.story == [
        "> echo a; echo b >&2", "a", "b", "< 0",
        "> seq 3", "1", "2", "3", "< 0",
        "> printf 'no newline'", "no newline", "< 0",
        "> (echo c; exit 1)", "c", "< 1",
        "> on_failure", "F", "< 0", "> always", "A", "< 0", "< 1",
    ]  # fmt: skip


async def test_a_lot_of_output_stays_with_its_command(run: Run) -> None:
    ran = await run("seq 50000", "seq 50000", "seq 10; false")
    ids = [r["id"] for r in ran.records if r["type"] == "command"]
    of = {id: [r["text"] for r in ran.records if r["type"] == "message" and r["parent"] == id] for id in ids}
    many = [str(number) for number in range(1, 50001)]
    assert [of[id] for id in ids] == [many, many, many[:10]]


async def test_output_of_a_process_in_the_background_belongs_to_the_command_that_runs(run: Run, tmp_path: Path) -> None:
    script = "(until [ -e second ]; do :; done; echo late; : > third) &"
    ran = await run(script, "touch second; until [ -e third ]; do :; done; wait")
    assert ran.story[3:5] == ["late", "< 0"]
    assert ran.story[2].startswith("> touch")


async def test_each_task_is_a_group_of_its_own_name(tmp_path: Path) -> None:
    ran = await Job(place=tmp_path, tasks=(task("echo 1", name="build it"), task("exit 2", name="Task 1"))).run()
    groups = {r["id"]: (r["parent"], r["name"], r["step"], r["shown"]) for r in ran.records if r["type"] == "group"}
    assert list(groups.values()) == [
        (None, "Executing task: build it", "build it", True),
        (None, "Executing task: Task 1", "Task 1", True),
    ]
    assert [r["exit"] for r in ran.records if r["type"] == "end" and r["id"] in groups] == [0, 2]


async def test_a_line_of_ten_megabytes_is_kept_in_parts(run: Run) -> None:
    ran = await run("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after")
    parts = [r for r in ran.records if r["type"] == "message"]
    assert "".join(r["text"] for r in parts[:-1]) == "x" * 10_000_000
    assert all(r.get("partial") for r in parts[:-2])
    assert parts[-1]["text"] == "after"


async def test_output_that_is_no_text_is_shown_as_far_as_it_is(run: Run) -> None:
    ran = await run("printf 'a\\377\\376b\\0c\\n'; printf '\\303'; printf '\\251\\n'")
    assert ran.lines == ["a��b\0c", "é"]


async def test_a_secret_is_masked_in_output_commands_and_warnings(run: Run) -> None:
    ran = await run("echo s3cr3t-value", "echo $X", exports=(("X", "s3cr3t-value"),), secrets=("s3cr3t-value",))
    assert ran.commands == [("echo ****", 0), ("echo $X", 0)]
    assert ran.lines == ["****", "****"]


async def test_a_secret_that_is_split_over_writes_is_masked(run: Run) -> None:
    slow = "for c in s 3 c r 3 t - v a l u e; do printf %s $c; sleep 0.002; done; echo .; echo s3cr3t-val"
    ran = await run(slow, "echo ue", secrets=("s3cr3t-value",))
    assert "".join(ran.lines).replace("\n", "") == "****.s3cr3t-value"


async def test_a_process_that_holds_the_output_open_does_not_delay_the_end(run: Run, tmp_path: Path) -> None:
    ran = await run("sleep 600 & until grep -q sleep /proc/$!/comm; do :; done; echo done", "echo two")
    assert ran.result.status == "success"
    assert ran.lines == ["done", "two"]
    assert len(ran.notes) == 1
    assert "left a process running" in ran.notes[0]
    assert "(sleep 600)" in ran.notes[0]


async def test_a_script_may_close_its_output(run: Run) -> None:
    ran = await run("echo a; exec >&- 2>&-", "true", "exit 3")
    assert ran.lines == ["a"]
    assert ran.result.exit_code == 3


async def test_jobs_without_tasks_succeed(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    ran = await Job(place=tmp_path, tasks=()).run()
    assert (ran.result.status, ran.result.task, ran.records) == ("success", None, [])
