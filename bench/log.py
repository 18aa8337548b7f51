"""A million lines of 100 bytes through the log, with ten secrets."""

from __future__ import annotations

import asyncio
import resource
import time
from datetime import timedelta
from pathlib import Path

from bench.figures import RUNNER, Figure, milliseconds
from runner.execution.launcher import LocalLauncher, Spec, TaskSpec
from runner.execution.script import render
from runner.pipeline.model import Hooks, ScriptItem, Task
from runner.pipeline.problems import Place
from runner.secret import Secret

LINES, WIDTH = 1_000_000, 100
MEGABYTES = LINES * WIDTH / 1e6
SECRETS = tuple(f"secret-value-number-{index}-{index * 7919:08x}" for index in range(10))


def log(directory: Path) -> Figure:
    lines = _lines(directory)
    floor = MEGABYTES / (milliseconds(["sh", "-c", f"cat {lines} > {directory}/copy"], cwd=directory, times=3) / 1000)
    best = max(asyncio.run(_through_the_log(directory / f"log-{index}", lines)) for index in range(3))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # of the largest: the supervisor
    return Figure(
        what=f"log, 10 secrets (peak {memory:.0f} MB)",
        measured=best,
        floor=floor,
        unit="MB/s",
        aim=">= 60 MB/s",
        floor_is="the same output to a file",
    )


def whole_run(directory: Path) -> Figure:
    """The whole command, every line shown too."""
    place = directory / "whole"
    place.mkdir()
    lines = _lines(directory)
    (place / "shippable.yml").write_text(
        f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: [cat {lines}]}}]}}]\n"
    )
    taken = milliseconds([RUNNER, "run", "--output", "plain"], cwd=place, times=2)
    floor = MEGABYTES / (milliseconds(["sh", "-c", f"cat {lines} > {directory}/copy"], cwd=directory, times=3) / 1000)
    return Figure(
        what="the same through `runner run`, shown",
        measured=MEGABYTES / (taken / 1000),
        floor=floor,
        unit="MB/s",
        aim="act 34",
        floor_is="the same output to a file",
    )


def _lines(directory: Path) -> Path:
    path = directory / "lines"
    if not path.exists():
        with path.open("w") as file:
            for number in range(LINES):
                file.write(
                    f"{number:08d} line of a build's output, as a compiler or a test runner prints it".ljust(99, ".")
                    + "\n"
                )
    return path


async def _through_the_log(place: Path, lines: Path) -> float:
    """MB/s from the supervisor's start to its result."""
    work = place / "work"
    work.mkdir(parents=True)
    task = Task(name="t", place=Place("bench"), script=(ScriptItem(f"cat {lines}", Place("bench")),))
    script = work / "task.sh"
    script.write_text(render(task, Hooks(), last=True))
    script.chmod(0o755)
    began = time.perf_counter()
    supervised = await LocalLauncher().start(
        Spec(
            place=place,
            build_dir=work,
            seq=1,
            next_id=1,
            tasks=(TaskSpec("t", script, ()),),
            base={"PATH": "/usr/bin:/bin"},
            secrets=tuple(Secret(text) for text in SECRETS),
            limit=timedelta(minutes=10),
        )
    )
    result = await supervised.wait()
    if result.status != "success":
        raise SystemExit(f"the build ended with {result.status}: {result.reason}")
    return MEGABYTES / (time.perf_counter() - began)
