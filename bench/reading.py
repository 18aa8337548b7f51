"""Reading, validating and planning pipelines of growing size: the time for one job must stay what it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from bench.figures import Figure
from runner.diagnostics.diagnose import Subject, diagnose
from runner.pipeline.reader import SourceFile, read
from runner.sealing.keyring import Keyring
from runner.service.plan import make_plan
from runner.service.project import Project
from runner.service.selection import select_rules

SIZES = (100, 1_000, 10_000)


def reading() -> list[Figure]:
    return [*(figure for jobs in SIZES for figure in _size(jobs)), *_growth()]


def _size(jobs: int) -> Iterator[Figure]:
    file = SourceFile("shippable.yml", _text(jobs))
    floor = _milliseconds(lambda: yaml.compose(file.text, Loader=yaml.CSafeLoader))
    for word, work in _works(file).items():
        yield Figure(
            what=f"{word} {jobs} jobs",
            measured=_milliseconds(work),
            floor=floor,
            unit="ms",
            aim="the same ratio for all sizes",
            floor_is="PyYAML composing it",
        )


def _growth() -> Iterator[Figure]:
    """What one job of many costs beside one of few."""
    few, many = (_works(SourceFile("shippable.yml", _text(jobs))) for jobs in (SIZES[-2], SIZES[-1]))
    for word, work in many.items():
        yield Figure(
            what=f"{word} {SIZES[-1]} jobs, for one",
            measured=_milliseconds(work) / SIZES[-1] * 1000,
            floor=_milliseconds(few[word]) / SIZES[-2] * 1000,
            unit="us",
            aim="1",
            floor_is=f"one of {SIZES[-2]}",
        )


def _works(file: SourceFile) -> dict[str, Callable[[], object]]:
    """What is done with a file, from its text or from what the step before has made of it."""
    reading = read([file])
    subject = Subject(pipeline=reading.pipeline, files=[file])
    project = Project(pipeline=reading.pipeline, sources=(file,))
    return {
        "reading and checking": lambda: read([file]),
        "a close look, scripts too, at": lambda: diagnose(subject, frozenset()),
        "planning": lambda: make_plan(project, select_rules(project, ()), {}, {}, Keyring(Path("/nonexistent"))),
    }


def _text(jobs: int) -> str:
    """A chain: each job is started by the one before, and looks at another one far above."""
    return "jobs:\n" + "".join(
        f"  - name: j{i}\n    type: runSh\n    steps:\n      - IN: j{max(i - 1, 0)}\n"
        f"      - {{IN: j{i // 2}, switch: off}}\n      - TASK:\n          script:\n            - echo {i}\n"
        for i in range(jobs)
    )


def _milliseconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)
