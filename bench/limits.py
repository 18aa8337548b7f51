"""What a file costs that nobody wrote by hand: time and memory until its one sentence, each in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.figures import PYTHON, Figure

SECONDS, MEGABYTES = 2, 200
"""The aim, for each."""
_LARGE = 20_000_000
_MOST = 10_000_000
_PROGRAM = """
import sys, time
from pathlib import Path
from runner.service.project import read_project
began = time.process_time()
problems = read_project([Path(sys.argv[1])], None).problems
taken = time.process_time() - began
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(taken, int(peak) / 1000, len(problems), problems[0] if problems else "taken")
"""
_JOB = "  - {{name: job{0:07}, type: runSh, steps: [{{TASK: {{script: [make]}}}}]}}\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """Until everything that is wrong was found: seconds of a processor; `told` is the first sentence."""

    seconds: float
    megabytes: float
    problems: int
    told: str


def _aliases() -> str:
    """Thirty levels of nine aliases each."""
    levels = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    return f"a0: &a0 [x, x]\n{levels}"


def _jobs(size: int) -> str:
    length = len(_JOB.format(0))
    return "jobs:\n" + "".join(_JOB.format(number) for number in range(size // length))


FILES: Mapping[str, Callable[[], str]] = {
    "a file of 20 MB": lambda: _jobs(_LARGE),
    "10 MB of jobs": lambda: _jobs(_MOST - 10),
    "10 MB of one-letter texts": lambda: "a: [" + "x," * (_MOST // 2 - 10) + "]\n",
    "10 MB of anchors": lambda: "".join(f"a{number:06}: &a{number:06} x\n" for number in range(_MOST // 20 - 1)),
    "a quote that is open for 10 MB": lambda: "a: '" + "x\n " * (_MOST // 3 - 10),
    "10 MB of brackets": lambda: "[" * _MOST,
    "100 levels of lists": lambda: "a: " + "[" * 100 + "]" * 100,
    "aliases that multiply": _aliases,
}


def limits(directory: Path) -> list[Figure]:
    return [figure for name, text in FILES.items() for figure in _figures(name, cost(directory, text()))]


def cost(directory: Path, text: str) -> Cost:
    """Read this text as a pipeline file, in a process of its own."""
    file = directory / "shippable.yml"
    file.write_text(text, "utf-8")
    done = subprocess.run([PYTHON, "-c", _PROGRAM, file], capture_output=True, text=True, check=True)
    seconds, megabytes, problems, told = done.stdout.split(maxsplit=3)
    return Cost(float(seconds), float(megabytes), int(problems), told.removeprefix(f"{directory}/").strip())


def _figures(name: str, found: Cost) -> Iterator[Figure]:
    for word, measured, most, unit in (
        ("time", found.seconds, SECONDS, "s"),
        ("memory", found.megabytes, MEGABYTES, "MB"),
    ):
        yield Figure(
            what=f"{name}: {word}",
            measured=measured,
            floor=most,
            unit=unit,
            aim=f"at most 1, {found.problems} problem",
            floor_is="what it may take",
        )
