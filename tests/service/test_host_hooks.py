"""What the owner of a host has run around every build."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from runner.execution.model import EndedBy
from runner.secret import Secret
from runner.service.host_hooks import HostHooks
from tests.execution.conftest import Gate
from tests.execution.processes import alive
from tests.service.world import Ran, world

JOBS = """
    jobs:
      - {name: a, type: runSh, steps: [TASK: {script: [echo the job, ls IN]}]}
      - {name: b, type: runSh, steps: [TASK: {script: [exit 3]}]}
"""


class Hooks:
    """The directory of a host's hooks."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for moment in ("pre-build", "post-build"):
            (directory / moment).mkdir(parents=True)

    def add(self, moment: str, name: str, *lines: str, mode: int = 0o755) -> Path:
        path = self.directory / moment / name
        path.write_text("\n".join(("#!/bin/bash", *lines, "")))
        path.chmod(mode)
        return path

    async def built(self, state: Path, job: str = "a", limit: timedelta = timedelta(seconds=60)) -> Ran:
        async with world(state, JOBS, host_hooks=HostHooks(self.directory, limit)) as found:
            return await found.built(job)


@pytest.fixture
def hooks(tmp_path: Path) -> Hooks:
    return Hooks(tmp_path / "hooks.d")


def groups(ran: Ran) -> dict[str, int | None]:
    """The sections of the log with their ends."""
    ends = {record["id"]: record["exit"] for record in ran.records if record["type"] == "end"}
    return {record["name"]: ends[record["id"]] for record in ran.records if record["type"] == "group"}


def texts(ran: Ran, section: str) -> list[str]:
    (group,) = (r["id"] for r in ran.records if r["type"] == "group" and r["name"] == section)
    return [record["text"] for record in ran.messages if record["parent"] == group]


async def test_hooks_are_told_about_the_build_and_run_in_the_order_of_their_names(hooks: Hooks, tmp_path: Path) -> None:
    show = (
        'echo "$RUNNER_HOOK $RUNNER_BUILD_ID $RUNNER_JOB $RUNNER_BUILD_NUMBER ${RUNNER_BUILD_DIR##*/} $RUNNER_STATUS"'
    )
    hooks.add("pre-build", "20-second", "ls $RUNNER_BUILD_DIR | head -1; touch $RUNNER_BUILD_DIR/IN/put")
    hooks.add("pre-build", "10-first", show)
    hooks.add("pre-build", ".hidden", "exit 1")
    hooks.add("pre-build", "10-first~", "exit 1")
    hooks.add("post-build", "after", show)
    ran = await hooks.built(tmp_path / "state")
    assert ran.ended.status == "success", ran.records
    assert texts(ran, "Host hook pre-build: 10-first") == ["pre-build 1 a 1 work "]
    assert texts(ran, "Host hook pre-build: 20-second") == ["IN"]
    assert texts(ran, "Host hook post-build: after") == ["post-build 1 a 1 work success"]
    assert ran.lines == ["the job", "put"]
    assert list(groups(ran)).index("Executing task: Task 0") == 5


async def test_a_hook_before_the_build_that_fails_ends_it_before_any_command(hooks: Hooks, tmp_path: Path) -> None:
    hook = hooks.add("pre-build", "check", "echo no room; exit 7")
    hooks.add("pre-build", "later", "echo not reached")
    hooks.add("post-build", "after", "echo $RUNNER_STATUS")
    ran = await hooks.built(tmp_path / "state")
    assert (ran.ended.status, ran.ended.by) == ("error", EndedBy.RUNNER)
    assert ran.ended.reason == f"the host hook {hook} (pre-build) ended with exit status 7"
    assert texts(ran, "Host hook pre-build: check") == ["no room"]
    assert groups(ran)["Host hook pre-build: check"] == 7
    assert texts(ran, "Host hook post-build: after") == ["error"]
    assert not {"Executing task: Task 0", "Host hook pre-build: later"} & groups(ran).keys()


@pytest.mark.parametrize(("job", "status"), [("a", "success"), ("b", "failure")])
async def test_a_hook_after_the_build_that_fails_is_a_warning(
    hooks: Hooks, tmp_path: Path, job: str, status: str
) -> None:
    hook = hooks.add("post-build", "1", "exit 7")
    hooks.add("post-build", "2", "echo all the same")
    ran = await hooks.built(tmp_path / "state", job)
    assert ran.ended.status == status
    assert ran.warnings == [f"the host hook {hook} (post-build) ended with exit status 7"]
    assert texts(ran, "Host hook post-build: 2") == ["all the same"]
    assert ran.records[-1]["status"] == status


async def test_a_hook_that_takes_too_long_is_killed_with_all_it_started(
    hooks: Hooks, tmp_path: Path, gate: Gate
) -> None:
    hook = hooks.add("pre-build", "slow", f"setsid sleep 600 & echo $! > {gate.path}; echo $$ > {gate.path}; sleep 600")
    ran = await hooks.built(tmp_path / "state", limit=timedelta(seconds=0.5))
    assert ran.ended.reason == f"the host hook {hook} (pre-build) did not end within 0.5 s and was killed"
    pids = [int(await gate.line()), int(await gate.line())]
    assert not any(map(alive, pids))


async def test_what_a_hook_leaves_running_is_killed_and_named(hooks: Hooks, tmp_path: Path, gate: Gate) -> None:
    has_left = 'until [ "$(cut -d" " -f6 /proc/$!/stat)" = $! ]; do :; done'  # its session is its own
    hooks.add("pre-build", "daemon", f"setsid sleep 600 & {has_left}; echo $! > {gate.path}")
    hooks.add("pre-build", "hiding", f"env -i sleep 600 & echo $! > {gate.path}")
    ran = await hooks.built(tmp_path / "state")
    left = int(await gate.line())
    assert ran.ended.status == "success"
    assert ran.warnings[0].startswith(f"the host hook daemon left a process running, which was killed: {left} (")
    assert not alive(left)
    assert not alive(int(await gate.line()))


async def test_a_cancelled_build_leaves_no_hook_behind(hooks: Hooks, tmp_path: Path, gate: Gate) -> None:
    hooks.add("pre-build", "slow", f"echo $$ > {gate.path}; sleep 600")
    async with world(tmp_path / "state", JOBS, host_hooks=HostHooks(hooks.directory)) as found:
        build = await found.build("a")
        async with asyncio.TaskGroup() as group:
            running = group.create_task(build.run())
            pid = int(await gate.line())
            build.cancel("enough")
    assert (running.result().status, running.result().reason) == ("cancelled", "enough")
    assert not alive(pid)


async def test_secrets_are_hidden_in_what_hooks_print_and_the_runners_variables_are_not_theirs(
    hooks: Hooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the host's own")
    hooks.add("pre-build", "show", "echo it is hunter-two; echo ${AWS_SECRET_ACCESS_KEY-unset} $PATH")
    async with world(tmp_path / "state", JOBS, host_hooks=HostHooks(hooks.directory)) as found:
        build = await found.build("a")
        build.journal.mask([Secret("hunter-two")])
        ran = Ran(await build.run(), build.journal.path)
    assert texts(ran, "Host hook pre-build: show") == ["it is ****", "unset /usr/bin:/bin"]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.chmod(0o757), "others can write it"),
        (lambda path: path.parent.chmod(0o775), "others can write it"),
        (lambda path: path.chmod(0o644), "is no executable file"),
        (lambda path: (path.rename(path.with_name(".p")), path.symlink_to(".p")), "it is a link"),
        (lambda path: (path.unlink(), path.mkdir()), "is no executable file"),
        (lambda path: os.chown(path, 61019, 0), "belongs to another user"),
    ],
)
async def test_hooks_that_others_could_change_are_refused(
    hooks: Hooks, tmp_path: Path, spoil: object, sentence: str
) -> None:
    if sentence.startswith("belongs") and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    path = hooks.add("pre-build", "p", "echo ran")
    assert callable(spoil)
    spoil(path)
    ran = await hooks.built(tmp_path / "state")
    assert ran.ended.status == "error"
    assert sentence in (ran.ended.reason or "")


async def test_a_hook_whose_program_is_missing_is_a_sentence(hooks: Hooks, tmp_path: Path) -> None:
    hook = hooks.add("pre-build", "p")
    hook.write_text("#!/no/such/interpreter\n")
    ran = await hooks.built(tmp_path / "state")
    assert ran.ended.reason == f"the host hook {hook} cannot be run: No such file or directory"


async def test_a_single_program_may_stand_for_all(hooks: Hooks, tmp_path: Path) -> None:
    (hooks.directory / "pre-build").rmdir()
    hooks.add("", "pre-build", "echo alone")
    ran = await hooks.built(tmp_path / "state")
    assert texts(ran, "Host hook pre-build: pre-build") == ["alone"]


async def test_output_without_end_is_cut(hooks: Hooks, tmp_path: Path) -> None:
    hooks.add("pre-build", "loud", "head -c 3000000 /dev/zero | tr '\\0' x | fold -w 10000; echo end")
    ran = await hooks.built(tmp_path / "state")
    assert ran.ended.status == "success"
    assert texts(ran, "Host hook pre-build: loud")[-1] == "(what it prints beyond 1 MiB is left out)"
