"""Timing whole commands, and a measured figure with its floor."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
RUNNER = Path(sys.executable).with_name("runner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`ratio` is measured / floor; the unit tells whether more is better (MB/s) or worse (ms)."""

    what: str
    measured: float
    floor: float
    unit: str
    aim: str
    floor_is: str

    @property
    def ratio(self) -> float:
        return self.measured / self.floor


def milliseconds(
    command: Sequence[str | Path], *, cwd: Path, times: int, environ: dict[str, str] | None = None
) -> float:
    """The median wall time of a command over `times` runs, after one that is not counted."""
    env = {**os.environ, **(environ or {})}
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run(command, cwd=cwd, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken[1:])


def bash_steps(directory: Path, count: int) -> list[str]:
    """bash doing what `count` no-op jobs do: one shell after another."""
    script = directory / f"floor-{count}.sh"
    script.write_text("for i in $(seq " + str(count) + "); do bash -ec true; done\n", "utf-8")
    return ["bash", str(script)]
