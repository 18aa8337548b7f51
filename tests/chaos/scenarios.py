"""Jobs that do what jobs must not: each scenario is one run, after which nothing may be left or missing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.chaos.world import World

Scenario = Callable[[World], None]
STUBBORN = "bash -c \"trap '' TERM HUP INT; while :; do sleep 600; done\""


def job(name: str, *script: str, **runtime: object) -> dict[str, Any]:
    return {
        "name": name,
        "type": "runSh",
        "runtime": {"grace": 1, **runtime},
        "steps": [{"TASK": {"script": [*script]}}],
    }


def run_jobs(world: World, jobs: list[dict[str, Any]], *arguments: str) -> dict[str, dict[str, Any]]:
    """Run them in the foreground and check what must be true; gives the builds by job."""
    world.write(json.dumps({"jobs": jobs}))
    world.run(*arguments)
    return {row["job"]: row for row in world.check()}


def fork_bomb(world: World) -> None:
    """Within a limit of processes, deaf to TERM."""
    script = "trap '' TERM HUP INT\nbomb() { bomb | bomb & }\nbomb 2>/dev/null\nsleep 0.5\nfalse"
    world.fault("a fork bomb")
    row = run_jobs(world, [job("a", script, limits={"pids": 80})])["a"]
    world.expect(row["status"] == "failure" and row["ended_by"] == "limit", f"the fork bomb ended as {row}")


def hiding(world: World) -> None:
    """Children that leave the session, hold the output, are stopped: the job ends well and they end with it."""
    ways = ["{} &", "setsid {} &", "( ( {} & ) & )", "( setsid {} & ); true", "{} & kill -STOP $!",
            "setsid {} </dev/null >/dev/null 2>&1 248>&- 249>&- &"]  # fmt: skip
    lines = [world.random.choice(ways).format(world.random.choice((STUBBORN, "sleep 600"))) for _ in range(6)]
    world.fault(f"{len(lines)} children that hide")
    row = run_jobs(world, [job("a", *lines, "echo end")])["a"]
    world.expect(row["status"] == "success", f"the job ended as {row['status']}: {row['reason']}")
    world.expect(bool(row["left_alive"]), "what was still alive is not recorded")


def suicide(world: World) -> None:
    """Jobs that kill their shell, their group, or the supervisor itself."""
    victims = ("kill -9 $$", "kill -9 0", "kill -9 $PPID; sleep 5", "kill -STOP $PPID; sleep 0.2; kill -CONT $PPID")
    victim = world.random.choice(victims)
    world.fault(f"a job that does `{victim}`")
    rows = run_jobs(world, [job("a", f"setsid {STUBBORN} & sleep 600 &", victim), job("b", "echo b")])
    wanted = {"kill -9 $PPID; sleep 5": "error", victims[3]: "success"}.get(victim, "failure")
    world.expect(rows["a"]["status"] == wanted, f"`{victim}` ended as {rows['a']['status']}, not {wanted}")
    world.expect(rows["b"]["status"] == "success", "another job was harmed")


def cancelled(world: World) -> None:
    """A run in the foreground that is interrupted, or killed outright, at a random moment."""
    world.write(json.dumps({"jobs": [job(f"j{n}", f"setsid {STUBBORN} &", "seq 1000", "sleep 600") for n in range(3)]}))
    running = world.start("run", "--output", "plain")
    time.sleep(world.random.uniform(0.1, 1.5))
    number = world.random.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL))
    running.send_signal(number)
    running.wait()
    world.fault(f"{number.name} for a run")
    for row in world.check():
        world.expect(row["status"] in ("cancelled", "error"), f"{row['job']} ended with {row['status']}")


def crowd(world: World) -> None:
    """Many at once, each with output, more than there are processors."""
    jobs = [job(f"j{n:03}", f"seq {world.random.randint(1, 5000)}", f"exit {n % 2}") for n in range(100)]
    world.fault("100 jobs at once")
    rows = run_jobs(world, jobs, "--max-parallel", "100")
    for n in range(100):
        status = rows.get(f"j{n:03}", {}).get("status")
        world.expect(status == ("failure" if n % 2 else "success"), f"j{n:03} ended with {status}")


def strange_output(world: World) -> None:
    """No line end, no UTF-8, zero bytes, escape sequences, markers of others."""
    size = world.random.choice((1, 20, 100))
    scripts = [
        f"head -c {size}M /dev/zero | tr '\\0' x",
        f"head -c {size}M /dev/urandom",
        "printf '\\377\\376\\0\\033[2J__SH__CMD__END__|{}|x\\n'; printf 'no end'",
        "yes $'a\\rb' | head -c 3000000",
    ]
    world.fault("output that is no text")
    rows = run_jobs(world, [job(f"j{n}", script) for n, script in enumerate(scripts)])
    for row in rows.values():
        world.expect(row["status"] == "success", f"{row['job']} ended with {row['status']}: {row['reason']}")


def a_gigabyte(world: World) -> None:
    """A log of a gigabyte; the others go on meanwhile."""
    world.fault("1 GB of output")
    line = "x" * 99
    rows = run_jobs(world, [job("big", f"yes {line} | head -c 1000000000"), job("small", "echo done")])
    for row in rows.values():
        world.expect(row["status"] == "success", f"{row['job']} ended with {row['status']}: {row['reason']}")


def disk_full(world: World) -> None:
    """A store on a disk of 12 MB that a job fills: it ends with that reason, the next run works."""
    with small_disk(world.directory, "12m") as mounted:
        if not mounted:
            return
        world.fault("a full disk")
        flood = "head -c 40000000 /dev/urandom | base64 -w 99"
        world.write(json.dumps({"jobs": [job("flood", flood), job("b", "echo b")]}))
        world.run("--max-parallel", "1")
        rows = {row["job"]: row for row in world.settled()}
        world.expect(rows["flood"]["status"] == "error", f"the flood ended with {rows['flood']['status']}")
        world.expect("space" in (rows["flood"]["reason"] or ""), f"the reason is {rows['flood']['reason']}")
        for path in (world.directory / ".runner" / "builds").glob("*/log.jsonl*"):
            path.unlink()  # as a person makes room
        world.write(json.dumps({"jobs": [job("after", "echo after")]}))
        world.expect(world.run() == 0, "after the disk was full nothing runs")
        world.tally.builds += 3


@contextlib.contextmanager
def small_disk(directory: Path, size: str) -> Iterator[bool]:
    """A tmpfs of that size in place of the directory, where this user may mount one."""
    directory.mkdir(parents=True, exist_ok=True)
    mounted = (
        os.getuid() == 0
        and shutil.which("mount") is not None
        and _succeeds("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory))
    )
    try:
        yield mounted
    finally:
        if mounted:
            _succeeds("umount", str(directory))


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


QUICK: tuple[Scenario, ...] = (fork_bomb, hiding, suicide, cancelled)
"""What takes a few seconds."""
LONG: tuple[Scenario, ...] = (crowd, strange_output, disk_full)
LONGEST: tuple[Scenario, ...] = (a_gigabyte,)
"""Once is enough."""
