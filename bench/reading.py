"""Reading pipelines of growing size: the time for one job must stay what it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import yaml

from bench.figures import Figure
from runner.diagnostics.diagnose import Subject, diagnose
from runner.pipeline.reader import SourceFile, read

SIZES = (100, 1_000, 10_000)


def reading() -> list[Figure]:
    return [figure for jobs in SIZES for figure in _size(jobs)]


def _size(jobs: int) -> Iterator[Figure]:
    text = "jobs:\n" + "".join(
        f"  - name: j{i}\n    type: runSh\n    steps:\n      - {{IN: j{max(i - 1, 0)}, switch: off}}\n"
        f"      - TASK:\n          script:\n            - echo {i}\n"
        for i in range(jobs)
    )
    file = SourceFile("shippable.yml", text)
    subject = Subject(pipeline=read([file]).pipeline, files=[file])
    floor = _milliseconds(lambda: yaml.compose(text, Loader=yaml.CSafeLoader))
    works: tuple[tuple[str, Callable[[], object]], ...] = (
        ("reading and checking", lambda: read([file])),
        ("a close look, scripts too, at", lambda: diagnose(subject, frozenset())),
    )
    for word, work in works:
        yield Figure(
            what=f"{word} {jobs} jobs",
            measured=_milliseconds(work),
            floor=floor,
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
