"""What names say about each other: resources that nothing uses, outputs that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.problems import Problem, Severity

if TYPE_CHECKING:
    from runner.pipeline.model import Hooks, Job, Pipeline

_USED_ANYHOW = frozenset({"syncRepo", "ciRepo", "externalCIServer"})
"""Types that mean something without a job that names them."""
_NOTHING_TO_PUBLISH = frozenset({"notification", "integration", "cliConfig", "time", "webhook"})


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


def _named_by(job: Job) -> Iterator[str]:
    yield from (step.name for step in job.ins)
    yield from (out.name for out in job.outs)
    yield from _notified_by(job.hooks)


def _notified_by(hooks: Hooks) -> Iterator[str]:
    for hook in (hooks.on_start, hooks.on_success, hooks.on_failure, hooks.on_cancel, hooks.always):
        yield from (target.name for target in hook.notify)
