"""Jobs that nothing starts but people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.graph import starts
from runner.pipeline.problems import Problem, Severity

if TYPE_CHECKING:
    from runner.pipeline.model import In, Job, Pipeline

_STARTED_ELSEWHERE = frozenset({"externalCI", "rSync"})


def unstarted_jobs(pipeline: Pipeline) -> Iterator[Problem]:
    """Jobs that have inputs of which none starts them. Where every one is switched off that is a gate, and meant; a
    job without inputs, or with nothing but saved state, is one that people start."""
    started = {out.name for job in pipeline.jobs.values() for out in job.outs}
    for job in pipeline.jobs.values():
        inputs = [step for step in job.ins if not _is_state(pipeline, step)]
        known = all(step.name in pipeline.jobs or step.name in pipeline.resources for step in inputs)
        if not inputs or not known or job.name in started or job.type in _STARTED_ELSEWHERE:
            continue
        if not any(starts(pipeline, step) for step in inputs):
            yield _gate(job) if not any(step.switch for step in inputs) else _never_started(job, inputs)


def _is_state(pipeline: Pipeline, step: In) -> bool:
    resource = pipeline.resources.get(step.name)
    return resource is not None and resource.type == "state"


def _gate(job: Job) -> Problem:
    return Problem(
        code=Code.GATE,
        place=job.place,
        severity=Severity.HINT,
        message=f"job '{job.name}' is a gate: every input is switched off, only people start it",
    )


def _never_started(job: Job, inputs: list[In]) -> Problem:
    why = {_why(step) for step in inputs}
    return Problem(
        code=Code.NEVER_STARTED,
        place=job.place,
        severity=Severity.WARNING,
        message=f"nothing starts job '{job.name}' but people: its inputs are {' or '.join(sorted(why))}",
        hint="where that is meant, switch them off: that makes it a gate",
    )


def _why(step: In) -> str:
    if not step.switch:
        return "switched off"
    pinned = step.version_name is not None or step.version_number is not None
    return "pinned to a version" if pinned else "jobs that start it after no end"
