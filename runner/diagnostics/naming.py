"""What names say about each other: resources that nothing uses, outputs and `applyTo` that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.job_types import JOB_TYPES
from runner.pipeline.problems import Problem, Severity, slip

if TYPE_CHECKING:
    from runner.pipeline.model import Data, Hooks, Job, Pipeline

_USED_ANYHOW = frozenset({"syncRepo", "ciRepo", "externalCIServer"})
"""Types that mean something without a job that names them."""
_NOTHING_TO_PUBLISH = frozenset({"notification", "integration", "cliConfig", "time", "webhook"})
_FEW = 50
"""Among so many inputs the one that was meant is looked for: each costs a comparison."""


def unused_resources(pipeline: Pipeline) -> Iterator[Problem]:
    """Resources that no job names. Jobs of another repository may: a hint."""
    used = {name for job in pipeline.jobs.values() for name in _named_by(job)}
    for resource in pipeline.resources.values():
        if resource.name not in used and resource.type not in _USED_ANYHOW:
            yield Problem(
                code=Code.UNUSED_RESOURCE,
                place=resource.place,
                severity=Severity.HINT,
                message=f"no job of these files uses the {resource.type} '{resource.name}'",
            )


def empty_outputs(pipeline: Pipeline) -> Iterator[Problem]:
    """Outputs of a type that holds nothing a job could publish."""
    for job in pipeline.jobs.values():
        for out in job.outs:
            resource = pipeline.resources.get(out.name)
            if resource is not None and resource.type in _NOTHING_TO_PUBLISH:
                message = f"OUT '{out.name}' is a {resource.type}, of which a job has nothing to publish"
                yield Problem(
                    code=Code.EMPTY_OUTPUT,
                    place=out.place,
                    severity=Severity.WARNING,
                    message=f"job '{job.name}': {message}",
                    hint=f"IN: {out.name} gives its variables to the job",
                )


def apply_to(pipeline: Pipeline) -> Iterator[Problem]:
    """`applyTo` names inputs of the same job."""
    for job in pipeline.jobs.values():
        if not JOB_TYPES[job.type].apply_to:
            continue
        inputs = {step.name for step in job.ins}
        for step in job.ins:
            for name in _targets(step.apply_to):
                if name not in inputs:
                    message = f"applyTo of '{step.name}' names '{name}', which is no input of it"
                elif name == step.name:
                    message = f"applyTo of '{step.name}' names itself"
                else:
                    continue
                yield Problem(
                    code=Code.APPLY_TO,
                    place=step.place,
                    severity=Severity.WARNING,
                    message=f"job '{job.name}': {message}",
                    hint=f"did you mean '{meant}'?" if len(inputs) <= _FEW and (meant := slip(name, inputs)) else "",
                )


def _targets(data: Data) -> Iterator[str]:
    """The inputs that an `applyTo` names: names, or mappings that name a `manifest`."""
    match data:
        case str():
            yield data
        case tuple():
            for item in data:
                yield from _targets(item)
        case Mapping():
            yield from _targets(data.get("manifest"))
        case _:
            return


def _named_by(job: Job) -> Iterator[str]:
    yield from (step.name for step in job.ins)
    yield from (out.name for out in job.outs)
    yield from _notified_by(job.hooks)


def _notified_by(hooks: Hooks) -> Iterator[str]:
    for hook in (hooks.on_start, hooks.on_success, hooks.on_failure, hooks.on_cancel, hooks.always):
        yield from (target.name for target in hook.notify)
