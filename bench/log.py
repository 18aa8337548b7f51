"""Output through the log, with ten secrets: how fast, with how much memory, and how soon it can be read."""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench.figures import PYTHON, RUNNER, Figure, milliseconds
from runner.execution.launcher import LocalLauncher, Spec, TaskSpec
from runner.execution.script import render
from runner.pipeline.model import Hooks, ScriptItem, Task
from runner.pipeline.problems import Place
from runner.secret import Secret

LINES, WIDTH = 1_000_000, 100
MEGABYTES = LINES * WIDTH / 1e6
LONG = 10  # times as much
SECRETS = tuple(f"secret-value-number-{index}-{index * 7919:08x}" for index in range(10))
FLOOR_IS = "the same reader, its bytes to a file"
READER = """
import fcntl, os, subprocess, sys
reading, writing = os.pipe()
fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 1024 * 1024)
job = subprocess.Popen(["bash", "-c", sys.argv[1]], stdout=writing)
os.close(writing)
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
while block := os.read(reading, 256 * 1024):
    os.write(file, block)
sys.exit(job.wait())
"""


def log(directory: Path) -> Iterator[Figure]:
    """A hundred megabytes with few and with ten secrets, and a gigabyte, which is kept in segments."""
    for name, secrets, times in (("2 secrets", 2, 1), ("10 secrets", 10, 1), ("10 secrets, 1 GB", 10, LONG)):
        yield _throughput(directory, name, SECRETS[:secrets], times)


def whole_run(directory: Path) -> Iterator[Figure]:
    """The whole command, every line shown too."""
    place = directory / "whole"
    place.mkdir()
    script = _script(directory)
    (place / "shippable.yml").write_text(f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: ['{script}']}}]}}]\n")
    taken = milliseconds([RUNNER, "run", "--output", "plain"], cwd=place, times=2)
    yield Figure(
        what="the same through `runner run`, shown",
        measured=MEGABYTES / (taken / 1000),
        floor=_floor(directory, script),
        unit="MB/s",
        aim="act 34",
        floor_is=FLOOR_IS,
    )


def long_log(directory: Path) -> Iterator[Figure]:
    """What of a gigabyte is asked for, shown."""
    place = directory / "long"
    place.mkdir()
    script = _script(directory, LONG)
    (place / "shippable.yml").write_text(
        "jobs: [{name: a, type: runSh, steps: [TASK: {name: first, script: [echo 1]}, "
        f"TASK: {{name: long, script: ['{script}']}}, TASK: {{name: last, script: [echo 3]}}]}}]\n"
    )
    subprocess.run([RUNNER, "run", "--output", "plain"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    small = directory / "small"
    small.mkdir()
    (small / "shippable.yml").write_text("jobs: [{name: a, type: runSh, steps: [TASK: {script: [echo 1]}]}]\n")
    subprocess.run([RUNNER, "run", "--output", "plain"], cwd=small, check=True, stdout=subprocess.DEVNULL)
    floor = milliseconds([RUNNER, "logs", "a"], cwd=small, times=5)
    last = subprocess.run(
        [RUNNER, "logs", "a", "--json", "--tail", "3"], cwd=place, check=True, capture_output=True, text=True
    )
    moment = last.stdout.partition('"time":"')[2].partition('"')[0]
    for arguments in (("--tail", "20"), ("--since", moment), ("--step", "first"), ("--step", "last")):
        yield Figure(
            what=f"runner logs {arguments[0]} {'WHEN' if arguments[1] == moment else arguments[1]}, of 1 GB",
            measured=milliseconds([RUNNER, "logs", "a", *arguments], cwd=place, times=5),
            floor=floor,
            unit="ms",
            aim="<= 500 ms",
            floor_is="a log of 10 lines",
        )


def latency(directory: Path) -> Iterator[Figure]:
    """From a line being printed by a job to its coming out of `runner logs -f` in a pipe; each says when it was."""
    place = directory / "latency"
    place.mkdir()
    printing = "import time\nfor _ in range(200): print(time.time_ns(), flush=True); time.sleep(0.01)"
    (place / "lines.py").write_text(printing)
    script = f"echo begun; until [ -e {place}/gate ]; do sleep 0.05; done; {PYTHON} {place}/lines.py"
    (place / "shippable.yml").write_text(f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: ['{script}']}}]}}]\n")
    with _running([RUNNER, "run", "--output", "json"], place) as run, _running([PYTHON, "-c", printing], place) as pipe:
        floor = _delays(pipe)
        for line in iter(run.stdout.readline, ""):  # type: ignore[union-attr]  # it has a pipe
            if '"text":"begun"' in line:
                break
        with _running([RUNNER, "logs", "a", "-f"], place) as following:
            delays = _delays(following, gate=place / "gate")
    for what, of in (("p50", 50), ("p99", 99)):
        yield Figure(
            what=f"a line from write to `runner logs -f`, {what}",
            measured=statistics.quantiles(delays, n=100)[of - 1],
            floor=statistics.quantiles(floor, n=100)[of - 1],
            unit="ms",
            aim="< 100 ms",
            floor_is="a pipe",
        )


@contextmanager
def _running(command: list[Path | str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*map(str, command)], cwd=cwd, stdout=subprocess.PIPE, text=True)
    with process:
        yield process
        process.communicate()


def _delays(process: subprocess.Popen[str], gate: Path | None = None) -> list[float]:
    """Milliseconds between the time in each line and now; `gate` is made once the first line has come."""
    delays = []
    assert process.stdout is not None  # noqa: S101
    for line in iter(process.stdout.readline, ""):
        if gate is not None and not gate.exists():
            gate.touch()
        if line.strip().isdigit():
            delays.append((time.time_ns() - int(line)) / 1e6)
            if len(delays) == 200:
                break
    return delays


def _throughput(directory: Path, name: str, secrets: tuple[str, ...], times: int) -> Figure:
    script = _script(directory, times)
    runs = range(1 if times > 1 else 3)
    place = f"log-{len(secrets)}-{times}"
    best = max(asyncio.run(_through_the_log(directory / f"{place}-{run}", script, secrets, times)) for run in runs)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # of the largest: the supervisor
    return Figure(
        what=f"log, {name} (peak {memory:.0f} MB)",
        measured=best,
        floor=_floor(directory, script, times),
        unit="MB/s",
        aim=">= 100 MB/s, < 40 MB",
        floor_is=FLOOR_IS,
    )


def _floor(directory: Path, script: str, times: int = 1) -> float:
    """MB/s of a process that reads the job's output as the supervisor does and writes it as it is."""
    command = [sys.executable, "-I", "-S", "-c", READER, script, str(directory / "copy")]
    return times * MEGABYTES / (milliseconds(command, cwd=directory, times=3 if times == 1 else 1) / 1000)


def _script(directory: Path, times: int = 1) -> str:
    """Prints a million lines, `times` times."""
    path = directory / "lines"
    if not path.exists():
        with path.open("w") as file:
            for number in range(LINES):
                file.write(
                    f"{number:08d} line of a build's output, as a compiler or a test runner prints it".ljust(99, ".")
                    + "\n"
                )
    return f"cat{f' {path}' * times}"


async def _through_the_log(place: Path, script: str, secrets: tuple[str, ...], times: int) -> float:
    """MB/s from the supervisor's start to its result."""
    work = place / "work"
    work.mkdir(parents=True)
    task = Task(name="t", place=Place("bench"), script=(ScriptItem(script, Place("bench")),))
    file = work / "task.sh"
    file.write_text(render(task, Hooks(), last=True))
    file.chmod(0o755)
    began = time.perf_counter()
    supervised = await LocalLauncher().start(
        Spec(
            place=place,
            build_dir=work,
            seq=1,
            next_id=1,
            tasks=(TaskSpec("t", file, ()),),
            base={"PATH": "/usr/bin:/bin"},
            secrets=tuple(Secret(text) for text in secrets),
            limit=timedelta(minutes=10),
        )
    )
    result = await supervised.wait()
    if result.status != "success":
        raise SystemExit(f"the build ended with {result.status}: {result.reason}")
    return times * MEGABYTES / (time.perf_counter() - began)
