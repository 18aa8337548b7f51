"""The launcher: results, talking to a running build, and supervisors that fail."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.errors import SetupError
from runner.execution.launcher import SUPERVISOR, LocalLauncher, supervisor_program
from runner.execution.model import EndedBy, encode_spec, read_result
from runner.secret import Secret
from tests.execution.conftest import Gate
from tests.execution.harness import Job, Ran, read_log, task
from tests.execution.processes import STUBBORN, alive


async def test_a_result_says_when_and_where_the_next_writer_goes_on(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    ran = await Job(place=tmp_path, tasks=(task("echo a"),)).run()
    assert before - timedelta(seconds=1) <= ran.result.started_at <= ran.result.ended_at <= datetime.now(UTC)
    assert ran.result.seq == len(ran.records) + 1
    assert ran.result.next_id == 3


async def test_a_log_goes_on_from_the_numbers_of_the_spec(tmp_path: Path) -> None:
    job = Job(place=tmp_path, tasks=(task("echo a"),))
    first = await job.run()
    (tmp_path / "lock").unlink()  # as another build
    spec = job.spec()
    spec = type(spec)(**{name: getattr(spec, name) for name in spec.__slots__} | _numbers(first))
    build = await LocalLauncher().start(spec)
    assert (await build.wait()).next_id == 5
    assert len(read_log(job.log)) == 2 * len(first.records)


def _numbers(ran: Ran) -> dict[str, int]:
    return {"seq": ran.result.seq, "next_id": ran.result.next_id}


async def test_waiting_can_be_cancelled_and_begun_again(tmp_path: Path, gate: Gate) -> None:
    job = Job(place=tmp_path, tasks=(task("echo here > $GATE; read < $GATE.go"),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(build.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.go()
    assert waiting[0].cancelled()
    assert waiting[1].result() == waiting[2].result() == await build.wait()
    assert waiting[1].result().status == "success"


async def test_notes_and_masks_reach_a_running_build(tmp_path: Path, gate: Gate) -> None:
    script = ("echo new-secret", "echo ready > $GATE; read < $GATE.go; echo new-secret")
    job = Job(place=tmp_path, tasks=(task(*script),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    build.mask([Secret("new-secret")])
    build.note("the role of new-secret was renewed", "info")
    gate.go()
    result = await build.wait()
    ran = Ran(result, read_log(job.log))
    assert ran.lines == ["new-secret", "****"]
    assert ran.notes == ["the role of **** was renewed"]
    assert [r["level"] for r in ran.records if "level" in r] == ["info"]
    build.cancel("after the end")
    build.note("after the end")
    assert await build.wait() == result


async def test_a_hundred_kilobytes_of_spec_and_more_are_handed_over(tmp_path: Path) -> None:
    exports = tuple((f"V{number}", "x" * 100_000) for number in range(10))
    ran = await Job(
        place=tmp_path, tasks=tuple(task("echo ${#V9}", name=f"t{n}") for n in range(3)), exports=exports
    ).run()
    assert ran.lines == ["100000"] * 3


async def test_ten_builds_run_at_once(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(Job(place=tmp_path / str(n), tasks=(task(f"exit {n}"),)).run()) for n in range(10)]
    assert [run.result().result.exit_code for run in runs] == list(range(10))


@pytest.mark.parametrize("groups", [True, False])
async def test_a_supervisor_that_is_killed_is_an_error_and_what_it_left_is_ended(
    tmp_path: Path, gate: Gate, groups: bool
) -> None:
    script = f"{STUBBORN} & setsid {STUBBORN} & ( ( {STUBBORN} & ) & ) ; read < $GATE.go"
    job = Job(place=tmp_path, tasks=(task(script),), exports=(gate.export,), groups=groups)
    build = await job.start()
    pids = [int(await gate.line()) for _ in range(3)]
    os.kill(build.pid, signal.SIGKILL)
    result = await build.wait()
    assert (result.status, result.reason) == ("error", "the supervisor ended without a result (signal 9)")
    assert (result.by, result.seq, result.next_id) == (EndedBy.RUNNER, 0, 0)
    assert not any(map(alive, pids))
    assert {int(told.split()[0]) for told in result.left} >= set(pids)


async def test_a_build_that_another_supervisor_runs_is_left_alone(tmp_path: Path) -> None:
    job = Job(place=tmp_path, tasks=(task("echo never"),))
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SetupError, match="another supervisor runs this build"):
            await job.start()
    assert not job.log.exists()


async def test_a_build_is_never_run_twice(tmp_path: Path) -> None:
    job = Job(place=tmp_path, tasks=(task("echo a"),))
    await job.run()
    with pytest.raises(SetupError, match=r"run before, by process \d+: it is never run twice"):
        await job.start()


async def test_a_build_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    job = Job(place=tmp_path, tasks=(task("echo never"),))
    spec = job.spec()
    job.build_dir.rename(tmp_path / "elsewhere")
    build = await LocalLauncher().start(spec)
    result = await build.wait()
    assert result.status == "error"
    assert f"the build cannot be started: [Errno 2] No such file or directory: '{job.build_dir}'" in str(result.reason)


async def test_a_log_that_cannot_be_written_any_more_is_an_error_and_ends_the_job(tmp_path: Path, gate: Gate) -> None:
    """The file size limit stands for a full disk: writes fail in the same place."""
    job = Job(place=tmp_path, tasks=(task("echo $$ > $GATE; yes", "echo never"),), exports=(gate.export,))
    build = await job.start()
    pid = int(await gate.line())
    resource.prlimit(build.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    result = await build.wait()
    assert (result.status, result.reason) == ("error", "the log cannot be written: File too large")
    assert not alive(pid)


async def test_a_start_that_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    job = Job(place=tmp_path, tasks=(task("sleep 600"),))
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(job.start())
        await asyncio.sleep(0)
        starting.cancel()
    assert starting.cancelled()
    assert not (tmp_path / "result.json").exists() or '"cancelled"' in (tmp_path / "result.json").read_text()


def test_a_supervisor_without_a_whole_order_ends_by_itself() -> None:
    ended = subprocess.run(supervisor_program(), input=b'{"half', capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"the starter went away before its order was complete" in ended.stderr


def test_a_supervisor_that_is_not_told_where_its_package_lies_says_so() -> None:
    program = supervisor_program()[:-1]
    ended = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "supervisor.py wants the directories in which ahocorasick_rs and zstandard are installed\n"


async def test_a_fault_of_the_supervisor_itself_is_an_error_and_its_processes_end(tmp_path: Path, gate: Gate) -> None:
    job = Job(place=tmp_path, tasks=(task("echo $$ > $GATE; sleep 600"),), exports=(gate.export,))
    ours, theirs = socket.socketpair()
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    with ours, theirs, os.fdopen(lock):
        supervisor = await asyncio.create_subprocess_exec(
            *supervisor_program(), stdin=theirs.fileno(), pass_fds=(lock,)
        )
        ours.sendall(encode_spec(job.spec(), lock))
        shell = int(await gate.line())
        ours.sendall(b'{"do": "note"}\n')
        assert await supervisor.wait() == 0
    assert not alive(shell)
    result = read_result(tmp_path / "result.json")
    assert (result.status, result.reason) == ("error", "the supervisor failed: KeyError: 'text'")


def test_a_supervisor_imports_nothing_that_is_slow() -> None:
    code = f"""import sys
sys.path.insert(0, {str(SUPERVISOR.parents[2])!r})
sys.path.append({supervisor_program()[-1]!r})
import runner.execution.program
print(*sys.modules)"""
    modules = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True, text=True)
    slow = {
        "asyncio", "collections", "ctypes", "dataclasses", "datetime", "enum", "json", "logging", "pathlib", "re",
        "signal", "socket", "subprocess", "threading", "traceback", "typing",
    }  # fmt: skip
    assert not slow & set(modules.stdout.split())
