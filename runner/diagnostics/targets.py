"""`applyTo`: which of the other inputs of a managed job an input is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.job_types import JOB_TYPES
from runner.pipeline.problems import Problem, Severity, slip

if TYPE_CHECKING:
    from runner.pipeline.model import Data, In, Job, Pipeline

_FEW = 50
"""Among so many inputs the one that was meant is looked for: each costs a comparison."""
_PAYLOAD = frozenset({"image", "file"})
"""What a manifest puts together."""
_BALANCED = ("manifest", "image", "port")
"""What a load balancer of a deploy job has to know of each target."""


def apply_to(pipeline: Pipeline) -> Iterator[Problem]:
    """`applyTo` names inputs of the same job; in a manifest images or files, in a deploy job also images of what is
    deployed. Source: the platform's documentation of manifest and deploy."""
    for job in pipeline.jobs.values():
        if JOB_TYPES[job.type].apply_to:
            inputs = {step.name for step in job.ins}
            for step in job.ins:
                for told, hint in _wrong(pipeline, job, step, inputs):
                    yield Problem(
                        code=Code.APPLY_TO,
                        place=step.place,
                        severity=Severity.WARNING,
                        message=f"job '{job.name}': applyTo of '{step.name}' {told}",
                        hint=hint,
                    )


def _wrong(pipeline: Pipeline, job: Job, step: In, inputs: set[str]) -> Iterator[tuple[str, str]]:
    """What is wrong, and what may have been meant."""
    for name in _targets(step.apply_to):
        if name == step.name:
            yield "names itself", ""
        elif name not in inputs:
            if not (job.type == "deploy" and _type(pipeline, name) == "image"):
                near = slip(name, inputs) if len(inputs) <= _FEW else None
                yield f"names '{name}', which is no input of it", f"did you mean '{near}'?" if near else ""
        elif job.type == "manifest" and _type(pipeline, name) not in (None, *_PAYLOAD):
            yield f"names '{name}', which is neither an image nor a file", ""
    if job.type == "deploy" and _type(pipeline, step.name) == "loadBalancer":
        yield from ((f"lacks {lack} of a target", "write {manifest: …, image: …, port: …}") for lack in _lacks(step))


def _type(pipeline: Pipeline, name: str) -> str | None:
    item = pipeline.resources.get(name) or pipeline.jobs.get(name)
    return None if item is None else item.type


def _lacks(step: In) -> Iterator[str]:
    targets = step.apply_to if isinstance(step.apply_to, tuple) else (step.apply_to,)
    for target in targets:
        given = target if isinstance(target, Mapping) else ()
        if target is not None and (missing := [key for key in _BALANCED if key not in given]):
            yield " and ".join(missing)


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
