"""SIGKILL for leaders and supervisors at random moments: no build is lost, no finished result, nothing runs twice."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from tests.chaos.world import World

WIDE = 4  # jobs that run at once; one more waits for all of them


def kill_at_random(world: World) -> None:
    """One detached run, and kills until it is over."""
    ran = world.directory / "ran"
    world.write(_pipeline(ran, world))
    said = world.runner("run", "--detach", "--max-parallel", str(WIDE))
    world.expect(said.returncode == 0, f"the run cannot begin: {said.stderr}")
    killed: set[int] = set()
    for _ in range(world.random.randint(4, 10)):
        time.sleep(world.random.uniform(0, 0.4))
        _kill_something(world, killed)
        if world.random.random() < 0.5:
            world.rows()
    _judge(world, world.check(), ran.read_text().split() if ran.exists() else [], killed)


def _pipeline(ran: Path, world: World) -> str:
    sleeps = [world.random.choice(("0", "0.05", "0.3", "1", "2")) for _ in range(WIDE)]
    jobs = [
        f"  - name: j{index}\n    type: runSh\n    steps:\n      - OUT: r{index}\n      - TASK:\n          script:\n"
        f"            - echo j{index} >> {ran}\n            - sleep 100 &\n            - seq 200\n"
        f"            - sleep {pause}\n"
        f"            - shipctl put_resource_state r{index} versionName v-$BUILD_NUMBER\n"
        for index, pause in enumerate(sleeps)
    ]
    inputs = "".join(f"      - IN: r{index}\n" for index in range(WIDE))
    jobs.append(
        f"  - name: last\n    type: runSh\n    steps:\n{inputs}      - TASK: {{script: ['echo last >> {ran}']}}\n"
    )
    resources = "".join(
        f"  - {{name: r{index}, type: image, versionTemplate: {{sourceName: s, versionName: '0'}}}}\n"
        for index in range(WIDE)
    )
    return f"resources:\n{resources}jobs:\n{''.join(jobs)}"


def _kill_something(world: World, killed: set[int]) -> None:
    """A leader or a supervisor, whichever there is."""
    store = world.directory / ".runner"
    leaders = [path for path in (store / "runs").glob("*.lock") if pid_in(path)]
    supervisors = [path for path in (store / "builds").glob("*/lock") if pid_in(path)]
    if not leaders + supervisors:
        return
    path = world.random.choice(leaders + leaders + supervisors)
    pid = pid_in(path)
    if pid is None or not is_runner(pid):
        return
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    if path in supervisors:
        killed.add(int(path.parent.name))
        world.fault(f"SIGKILL for the supervisor of build {path.parent.name}")
    else:
        world.fault("SIGKILL for the leader")


def pid_in(path: Path) -> int | None:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    if not text.endswith("\n"):
        return None
    value = json.loads(text)
    return int(value["pid"] if isinstance(value, dict) else value)


def is_runner(pid: int) -> bool:
    """Never another program that got the number of one that has ended."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"supervisor.py" in command or b"\0lead\0" in command or b"\0run\0" in command


def _judge(world: World, rows: list[dict[str, Any]], ran: list[str], killed: set[int]) -> None:
    names = [row["job"] for row in rows]
    for name in {*names, *ran}:
        world.expect(names.count(name) <= 1, f"{name} has {names.count(name)} builds")
        world.expect(ran.count(name) <= 1, f"{name} ran {ran.count(name)} times")
    for index in range(WIDE):
        world.expect(f"j{index}" in names, f"j{index} was never started")
    for row in rows:
        if row["id"] not in killed:
            world.expect(
                row["status"] == "success",
                f"{row['job']} was not killed and ended with {row['status']}: {row['reason']}",
            )
        if row["status"] == "success":
            world.expect(row["job"] in ran, f"{row['job']} succeeded and never ran")
    good = all(row["status"] == "success" for row in rows if row["job"] != "last")
    world.expect(("last" in names) or not good, "every input has a new version and the last job was not triggered")
