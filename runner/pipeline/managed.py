"""What jobs without scripts of their own need as inputs, and how the job of a CI part is named.

Source: the platform refused a pipeline for these; here the one job cannot be used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity

if TYPE_CHECKING:
    from runner.pipeline.entries import Entries
    from runner.pipeline.model import Job
    from runner.pipeline.report import Report

_Lacks: TypeAlias = Callable[[Sequence[str]], Iterator[str]]
"""What is wrong with a job whose inputs are of these types."""
_CI_NAME = re.compile(r"[A-Za-z0-9_-]+_runCI")


def _manifest(types: Sequence[str]) -> Iterator[str]:
    if "image" not in types and "file" not in types:
        yield "needs an image or a file as input"
    elif "image" in types and "file" in types:
        yield "mixes image and file inputs: each kind has a manifest of its own"


def _release(types: Sequence[str]) -> Iterator[str]:
    if {"version", "release", "manifest", "deploy"}.isdisjoint(types):
        yield "has no base version: add a version resource, or a release, manifest or deploy that carries one"


def _deploy(types: Sequence[str]) -> Iterator[str]:
    if types.count("cluster") != 1:
        yield f"needs exactly one cluster as input and has {types.count('cluster') or 'none'}"
    if {"manifest", "release", "deploy", "gitRepo"}.isdisjoint(types):
        yield "needs a manifest, release, deploy or gitRepo as input"


def _provision(types: Sequence[str]) -> Iterator[str]:
    if "loadBalancer" not in types:
        yield "needs a loadBalancer as input"


_NEEDS: Mapping[str, _Lacks] = {
    "manifest": _manifest,
    "release": _release,
    "deploy": _deploy,
    "provision": _provision,
}


def check_managed(entries: Entries, report: Report) -> None:
    """The inputs of managed jobs; nothing of a job one of whose inputs nobody could read."""
    for job in entries.jobs.values():
        types = _types(job, entries) if job.type in _NEEDS else None
        for lack in () if types is None else _NEEDS[job.type](types):
            _tell(report, Code.MISSING_INPUT, job, f"{job.type} '{job.name}' {lack}")


def check_ci_names(entries: Entries, report: Report) -> None:
    """A runCI job is the one of a repository, and named after it."""
    for job in entries.jobs.values():
        if job.type == "runCI" and _CI_NAME.fullmatch(job.name) is None:
            _tell(report, Code.CI_JOB_NAME, job, f"'{job.name}' is no repository's runCI job", "name it <repo>_runCI")


def _types(job: Job, entries: Entries) -> Sequence[str] | None:
    found = []
    for step in job.ins:
        item = entries.resources.get(step.name) or entries.jobs.get(step.name)
        if item is None:
            return None
        found.append(item.type)
    return found


def _tell(report: Report, code: Code, job: Job, message: str, hint: str = "") -> None:
    severity = Severity.INCONSISTENT
    report.add(Problem(code=code, place=job.place, severity=severity, message=message, hint=hint, node=job.name))
