"""Reading pipelines of growing size: the time for one job must stay what it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import yaml

from bench.figures import Figure
from runner.pipeline.reader import SourceFile, read

SIZES = (100, 1_000, 10_000)


def reading() -> list[Figure]:
    return [_size(jobs) for jobs in SIZES]


def _size(jobs: int) -> Figure:
    text = "jobs:\n" + "".join(
        f"  - name: j{i}\n    type: runSh\n    steps:\n      - {{IN: j{max(i - 1, 0)}, switch: off}}\n"
        f"      - TASK:\n          script:\n            - echo {i}\n"
        for i in range(jobs)
    )
    return Figure(
        what=f"reading and checking {jobs} jobs",
        measured=_milliseconds(lambda: read([SourceFile("shippable.yml", text)])),
        floor=_milliseconds(lambda: yaml.compose(text, Loader=yaml.CSafeLoader)),
        unit="ms",
        aim="the same ratio for all sizes",
        floor_is="PyYAML composing it",
    )


def _milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)
