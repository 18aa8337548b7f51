"""The control socket of a build, and builds whose starter is gone: any process of the user may take part."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from runner.execution.identity import boot_id
from runner.execution.launcher import LocalLauncher, Supervised
from runner.execution.model import EndedBy
from runner.secret import Secret
from tests.execution.conftest import Gate
from tests.execution.harness import Job, Ran, read_log, task
from tests.execution.processes import STUBBORN, alive, exists


async def ask(place: Path, *lines: str) -> list[dict[str, object]]:
    """What the control socket of a build answers."""
    os.chdir(place)  # a socket's path must be short
    reader, writer = await asyncio.open_unix_connection("control")
    writer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    answers = [json.loads(await reader.readline()) for _ in lines]
    writer.close()
    await writer.wait_closed()
    return answers


async def test_any_process_of_the_user_can_cancel_a_build(tmp_path: Path, gate: Gate) -> None:
    job = Job(place=tmp_path, tasks=(task(f"{STUBBORN}"),), exports=(gate.export,))
    build = await job.start()
    pid = int(await gate.line())
    assert await ask(tmp_path, '{"do":"cancel","reason":"cancelled by ada","by":"user"}') == [{"ok": True}]
    result = await build.wait()
    assert (result.status, result.reason, result.by) == ("cancelled", "cancelled by ada", EndedBy.USER)
    assert not alive(pid)
    assert not (tmp_path / "control").exists()


async def test_what_is_no_command_is_answered_and_harms_nothing(tmp_path: Path, gate: Gate) -> None:
    job = Job(place=tmp_path, tasks=(task("echo here > $GATE; read < $GATE.go"),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    answers = await ask(tmp_path, "", "nonsense", "[1]", "{}", '{"do":"fly"}', '{"do":"mask","values":[1]}', "\udcff")
    assert all(list(answer) == ["error"] for answer in answers)
    gate.go()
    assert (await build.wait()).status == "success"


async def test_a_client_that_sends_without_end_is_cut_off(tmp_path: Path, gate: Gate) -> None:
    job = Job(place=tmp_path, tasks=(task("echo here > $GATE; read < $GATE.go"),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    os.chdir(tmp_path)
    reader, writer = await asyncio.open_unix_connection("control")
    writer.write(b"x" * 5_000_000)
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.transport.abort()
    gate.go()
    assert (await build.wait()).status == "success"


async def orphan(place: Path, gate: Gate, script: str) -> None:
    """A build, not attached, whose starter was killed; returns once its script runs."""
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.execution.starter", str(place), str(gate.path), script, "detached"
    )
    await gate.line()
    starter.kill()
    await starter.wait()


async def adopted(place: Path) -> Supervised:
    build = await LocalLauncher().adopt(place)
    assert build is not None
    return build


async def test_a_build_that_is_not_attached_outlives_its_starter_and_is_adopted(tmp_path: Path, gate: Gate) -> None:
    place = tmp_path / "job"
    await orphan(place, gate, "echo one; echo here > $GATE; read < $GATE.go; echo two a-secret; exit 3")
    build = await adopted(place)
    build.mask([Secret("a-secret")])
    build.note("adopted", "info")
    await ask(place, '{"do":"note","text":"and asked","level":"info"}')
    gate.go()
    result = await build.wait()
    ran = Ran(result, read_log(place / "log.jsonl"))
    assert (result.status, result.exit_code) == ("failure", 3)
    assert ran.lines == ["one", "two ****"]
    assert set(ran.notes) == {"adopted", "and asked"}


async def test_an_adopted_build_can_be_cancelled(tmp_path: Path, gate: Gate) -> None:
    place = tmp_path / "job"
    await orphan(place, gate, STUBBORN)
    build = await adopted(place)
    build.cancel("asked by a test")
    assert ((await build.wait()).status, (await build.wait()).reason) == ("cancelled", "asked by a test")


async def test_a_build_that_ended_while_nobody_waited_gives_its_result(tmp_path: Path, gate: Gate) -> None:
    place = tmp_path / "job"
    await orphan(place, gate, "echo here > $GATE; read < $GATE.go; exit 4")
    watching = await adopted(place)
    gate.go()
    await watching.wait()
    assert (await (await adopted(place)).wait()).exit_code == 4


async def test_a_build_whose_supervisor_was_killed_is_an_error_and_is_cleared_away(tmp_path: Path, gate: Gate) -> None:
    place = tmp_path / "job"
    await orphan(place, gate, f"setsid {STUBBORN}")
    identity = json.loads((place / "lock").read_text())
    watching = await adopted(place)
    os.kill(identity["pid"], signal.SIGKILL)
    result = await watching.wait()
    assert (result.status, result.by) == ("error", EndedBy.RUNNER)
    assert result.left
    assert not any(map(exists, identity["groups"]))
    assert (await (await adopted(place)).wait()).status == "error"


async def test_a_build_of_before_the_host_was_restarted_says_so(tmp_path: Path) -> None:
    lock = {"pid": os.getpid(), "start": 1, "boot": "another", "groups": [], "grace": 1, "limit_at": 0}
    (tmp_path / "lock").write_text(f"{json.dumps(lock)}\n")
    result = await (await adopted(tmp_path)).wait()
    assert (result.status, result.reason, result.by) == ("error", "the host was restarted", EndedBy.HOST_RESTART)


async def test_another_process_with_the_same_number_is_not_taken_for_the_supervisor(tmp_path: Path) -> None:
    lock = {"pid": os.getpid(), "start": 1, "boot": boot_id(), "groups": [], "grace": 1, "limit_at": 0}
    (tmp_path / "lock").write_text(f"{json.dumps(lock)}\n")
    assert (await (await adopted(tmp_path)).wait()).status == "error"


async def test_a_build_of_which_nothing_has_run_is_not_adopted(tmp_path: Path) -> None:
    assert await LocalLauncher().adopt(tmp_path) is None
    (tmp_path / "lock").touch()
    assert await LocalLauncher().adopt(tmp_path) is None


async def test_what_an_adopter_wants_hidden_is_hidden_in_output_that_came_at_the_same_time(
    tmp_path: Path, gate: Gate
) -> None:
    place = tmp_path / "job"
    script = "echo here > $GATE; read < $GATE.go; echo renewed-secret; echo done > $GATE; read < $GATE.go"
    await orphan(place, gate, script)
    build = await adopted(place)
    os.kill(build.pid, signal.SIGSTOP)
    build.mask([Secret("renewed-secret")])
    gate.go()
    assert await gate.line() == "done"
    os.kill(build.pid, signal.SIGCONT)
    gate.go()
    ran = Ran(await build.wait(), read_log(place / "log.jsonl"))
    assert ran.lines == ["****"]


@pytest.mark.parametrize(
    "command",
    [
        {"do": "note", "text": "x", "level": 'info"}\n{"seq":1,"type":"result"'},
        {"do": "cancel", "reason": "x", "by": "nonsense"},
        {"do": "cancel", "reason": "x"},
    ],
)
async def test_only_words_of_the_runner_get_into_log_and_result(
    tmp_path: Path, gate: Gate, command: dict[str, str]
) -> None:
    job = Job(place=tmp_path, tasks=(task("echo here > $GATE; read < $GATE.go"),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    assert list((await ask(tmp_path, json.dumps(command)))[0]) == ["error"]
    gate.go()
    ran = Ran(await build.wait(), read_log(job.log))
    assert (ran.result.status, ran.notes) == ("success", [])


@pytest.mark.parametrize("before", range(150, 200, 7))
async def test_no_part_of_a_secret_in_a_command_line_is_shown(tmp_path: Path, gate: Gate, before: int) -> None:
    secret = "secret-" + "0123456789" * 5
    script = f"exec -a {'x' * before}{secret} sleep 600 & until grep -q {secret} /proc/$!/cmdline; do :; done"
    ran = await Job(place=tmp_path, tasks=(task(script),), secrets=(secret,), exports=(gate.export,)).run()
    assert len(ran.result.left) == 1
    assert "secret" not in ran.result.left[0] + str(ran.notes)
