"""Control groups and limits: a build's processes are held, and a limit that is reached is a reason, not a mystery."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.execution import cgroups
from runner.execution.containment import V1, V2, Containment
from runner.execution.model import EndedBy
from runner.pipeline.model import Limits
from tests.execution.conftest import Gate
from tests.execution.harness import ALL_HOOKS, Job, Ran, read_log, task
from tests.execution.processes import STUBBORN, alive, exists

MIB = 1024**2


def held_by_the_kernel(limit: str, value: int) -> bool:
    """Whether this host can hold a build as a whole to a limit."""
    trial = Containment(f"trial-{os.getpid()}", {limit: value})
    trial.open()
    trial.close()
    return trial.how[limit] in (V1, V2)


HAS_GROUPS = bool(cgroups.hierarchies().get(cgroups.V2)) and os.access(cgroups.hierarchies()[cgroups.V2], os.W_OK)
KERNEL_MEMORY = pytest.mark.skipif(not held_by_the_kernel("memory", 64 * MIB), reason="no memory controller here")
KERNEL_PIDS = pytest.mark.skipif(not held_by_the_kernel("pids", 100), reason="no pids controller here")


def limited(tmp_path: Path, *script: str, groups: bool = True, **limits: int) -> Job:
    return Job(place=tmp_path, tasks=(task(*script),), hooks=ALL_HOOKS, limits=Limits(**limits), groups=groups)


@pytest.mark.skipif(not HAS_GROUPS, reason="this host gives no control groups")
async def test_a_build_runs_in_a_group_of_its_own_that_is_gone_afterwards(tmp_path: Path) -> None:
    ran = await Job(place=tmp_path, tasks=(task("grep '^0:' /proc/self/cgroup", "(cat /proc/self/cgroup) &"),)).run()
    [group] = json.loads((tmp_path / "lock").read_text())["groups"]
    assert ran.lines[0].endswith(f"/{Path(group).name}")
    assert not exists(group)


@pytest.mark.skipif(not HAS_GROUPS or os.getuid() != 0, reason="only root can leave its group here")
async def test_what_leaves_its_group_is_ended_all_the_same(tmp_path: Path, gate: Gate) -> None:
    outside = cgroups.hierarchies()[cgroups.V2]
    script = f"(echo 0 > {outside}/cgroup.procs; exec setsid {STUBBORN}) &"
    build = await Job(place=tmp_path, tasks=(task(script, "read < $GATE.go"),), exports=(gate.export,)).start()
    pid = int(await gate.line())
    gate.go()
    result = await build.wait()
    assert not alive(pid)
    assert any(told.startswith(f"{pid} (") for told in result.left)


@pytest.mark.skipif(not HAS_GROUPS or os.getuid() != 0, reason="only root can make groups here")
async def test_groups_that_a_job_makes_below_its_own_are_removed(tmp_path: Path) -> None:
    script = "own=$(find /sys/fs/cgroup -path '*'$(sed -n 's/^0:://p' /proc/self/cgroup) -type d | head -1)"
    ran = await Job(place=tmp_path, tasks=(task(script, "mkdir -p $own/a/b && echo $own"),)).run()
    assert ran.result.status == "success"
    assert not exists(ran.lines[0])


async def test_a_process_that_holds_the_output_open_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    begun = "until grep -q sleep /proc/$!/cmdline; do :; done"
    ran = await Job(place=tmp_path, tasks=(task("sleep 600 &", begun, "sleep 601 >/dev/null 2>&1 &", begun),)).run()
    held = {told.split("sleep ")[1][:3]: "it holds the output open" in told for told in ran.result.left}
    assert held == {"600": True, "601": False}


@KERNEL_MEMORY
async def test_the_kernel_holds_a_build_to_its_memory_and_the_reason_says_so(tmp_path: Path) -> None:
    script = "head -c 200M /dev/zero | tail > /dev/null"
    ran = await limited(tmp_path, script, "echo never", memory=32 * MIB).run()
    assert ran.result.status == "failure"
    assert ran.result.by is EndedBy.LIMIT
    assert "memory limit of 32 MiB reached, the kernel ended a process" in str(ran.result.reason)
    assert ran.lines[-2:] == ["F", "A"]


@KERNEL_PIDS
async def test_a_fork_bomb_stays_within_its_limit_and_ends_with_its_build(tmp_path: Path) -> None:
    script = "trap '' TERM HUP INT\nbomb() { bomb | bomb & }\nbomb 2>/dev/null\nsleep 0.5\nfalse"
    ran = await limited(tmp_path, script, pids=60).run()
    assert (ran.result.status, ran.result.by) == ("failure", EndedBy.LIMIT)
    assert "limit of 60 processes reached" in str(ran.result.reason)
    assert len(ran.notes) < 60


async def test_without_groups_memory_is_refused_to_a_process_and_the_log_gives_a_hint(tmp_path: Path) -> None:
    script = "head -c 300M /dev/zero | tail > /dev/null"
    ran = await limited(tmp_path, script, memory=64 * MIB, groups=False).run()
    assert ran.result.status == "failure"
    assert any("limited to 64 MiB of memory" in note for note in ran.notes)


async def test_without_groups_the_memory_of_all_processes_together_is_watched(tmp_path: Path) -> None:
    hold = "(head -c 40M /dev/zero; sleep 600) | tail -c 100M > /dev/null &"
    ran = await limited(tmp_path, hold, hold, "wait", memory=64 * MIB, groups=False).run()
    assert (ran.result.status, ran.result.by) == ("failure", EndedBy.LIMIT)
    assert "memory limit of 64 MiB reached: the processes hold" in str(ran.result.reason)
    assert not {"S", "F", "A"} & set(ran.lines)


async def test_without_groups_the_number_of_processes_is_watched(tmp_path: Path) -> None:
    ran = await limited(tmp_path, "for i in $(seq 30); do sleep 600 & done; wait", pids=20, groups=False).run()
    assert (ran.result.status, ran.result.by) == ("failure", EndedBy.LIMIT)
    assert "limit of 20 processes reached: there are 3" in str(ran.result.reason)


async def test_a_job_that_prints_too_much_is_stopped(tmp_path: Path) -> None:
    ran = await limited(tmp_path, f"yes {'x' * 10_000}", log=MIB).run()
    assert (ran.result.status, ran.result.by) == ("failure", EndedBy.LIMIT)
    assert ran.result.reason == "log limit of 1 MiB reached"


async def test_a_build_directory_that_grows_too_large_ends_the_build(tmp_path: Path) -> None:
    script = "for i in 1 2 3 4; do head -c 1M /dev/zero > f$i; done; sleep 600"
    ran = await limited(tmp_path, script, disk=2 * MIB).run()
    assert (ran.result.status, ran.result.by) == ("failure", EndedBy.LIMIT)
    assert "disk limit of 2 MiB reached: the build directory holds 4" in str(ran.result.reason)


async def test_a_single_file_over_the_disk_limit_is_named_as_the_reason(tmp_path: Path) -> None:
    ran = await limited(tmp_path, "head -c 5M /dev/zero > f", disk=2 * MIB).run()
    assert ran.result.status == "failure"
    assert "disk limit of 2 MiB reached by a single file" in str(ran.result.reason)


async def test_open_files_and_core_files_are_limited(tmp_path: Path) -> None:
    ran = await limited(tmp_path, "ulimit -n; ulimit -c", open_files=77, core=0).run()
    assert ran.lines[:2] == ["77", "0"]


@pytest.mark.parametrize("groups", [True, False])
async def test_a_build_with_a_low_weight_gives_way(tmp_path: Path, groups: bool) -> None:
    ran = await limited(tmp_path, "nice; cat /proc/self/cgroup", cpu_weight=10, groups=groups).run()
    in_group = any("cpu" in line and "shippable-build" in line for line in ran.lines)
    assert in_group or ran.lines[0] == "10" or "shippable-build" in ran.lines[-1]


async def test_a_build_within_its_limits_is_not_told_of_them(tmp_path: Path) -> None:
    ran = await limited(
        tmp_path, "true", memory=512 * MIB, pids=200, cpu_weight=100, open_files=256, log=MIB, disk=10 * MIB
    ).run()
    assert (ran.result.status, ran.result.by, ran.notes) == ("success", EndedBy.SCRIPT, [])


async def test_a_cancelled_build_of_a_thousand_processes_names_only_some(tmp_path: Path, gate: Gate) -> None:
    script = "trap '' TERM; for i in $(seq 100); do sleep 600 & done; echo ready > $GATE; wait"
    job = Job(place=tmp_path, tasks=(task(script),), exports=(gate.export,))
    build = await job.start()
    await gate.line()
    build.cancel("asked by a test")
    ran = Ran(await build.wait(), read_log(job.log))
    assert ran.result.status == "cancelled"
    assert sum("is being killed" in note for note in ran.notes) == 20
    assert any("more processes, which are not named here" in note for note in ran.notes)
