"""One no-op job, and a hundred in a chain."""

from __future__ import annotations

from pathlib import Path

from bench.figures import PYTHON, RUNNER, Figure, bash_steps, milliseconds

LENGTH = 100


def one_job(directory: Path) -> Figure:
    place = directory / "one"
    place.mkdir()
    (place / "shippable.yml").write_text("jobs: [{name: a, type: runSh, steps: [TASK: {script: ['true']}]}]\n")
    return Figure(
        what="one no-op job, whole command",
        measured=milliseconds([RUNNER, "run"], cwd=place, times=15),
        floor=milliseconds([PYTHON, "-c", "import asyncio, yaml"], cwd=place, times=15),
        unit="ms",
        aim="<= 5",
        floor_is="python -c 'import asyncio, yaml'",
    )


def chain(directory: Path) -> Figure:
    place = directory / "chain"
    place.mkdir()
    jobs = ["jobs:"]
    for number in range(LENGTH):
        above = f"IN: j{number - 1}, " if number else ""
        steps = f"[{above and '{' + above.rstrip(', ') + '}, '}TASK: {{script: ['true']}}]"
        jobs.append(f"  - {{name: j{number}, type: runSh, steps: {steps}}}")
    (place / "shippable.yml").write_text("\n".join(jobs) + "\n")
    one = milliseconds([RUNNER, "run", "--job", "j0"], cwd=place, times=5)
    whole = milliseconds([RUNNER, "run"], cwd=place, times=3)
    floor = milliseconds(bash_steps(directory, LENGTH), cwd=place, times=5)
    return Figure(
        what=f"one more job in a chain of {LENGTH}",
        measured=(whole - one) / (LENGTH - 1),
        floor=floor / LENGTH,
        unit="ms",
        aim="<= 40 ms",
        floor_is="bash -ec true",
    )
