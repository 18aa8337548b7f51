"""Options of inputs that mean something only where the input, or the job, is of another type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.job_types import METHOD, OLD_METHOD, STABILITY
from runner.pipeline.model import Managed
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.steps import (
    BUILD_STATUS,
    DEPLOY_NAME,
    FORCE,
    SCOPES,
    TRIGGER_ON_FAILURE,
    TRIGGER_ON_SUCCESS,
    VOTE,
)  # fmt: skip

if TYPE_CHECKING:
    from runner.pipeline.model import In, Job, Pipeline
    from runner.pipeline.problems import Place

_JOB = "job"
_REPOSITORIES = frozenset({"gitRepo", "syncRepo", "ciRepo"})
_BELONGS: Mapping[str, frozenset[str]] = {
    SCOPES.name: frozenset({"cliConfig"}),
    BUILD_STATUS.name: _REPOSITORIES,
    VOTE.name: _REPOSITORIES,
    TRIGGER_ON_SUCCESS.name: frozenset({_JOB}),
    TRIGGER_ON_FAILURE.name: frozenset({_JOB}),
}
"""What an input must be for the option to mean anything. Source: the platform's documentation of each option."""
_DEPLOYED: Mapping[str, frozenset[str]] = {
    FORCE.name: frozenset({"manifest", "release", "deploy"}),
    DEPLOY_NAME.name: frozenset({"manifest"}),
}
"""The same in a deploy job; in other managed jobs they mean nothing at all."""


def misplaced_options(pipeline: Pipeline) -> Iterator[Problem]:
    """Nothing of an input that nothing defines: nobody knows what it is."""
    for job in pipeline.jobs.values():
        for step in job.ins:
            kinds = _kinds(pipeline, step)
            for option in step.written if kinds else ():
                if why := _misplaced(job, option, kinds):
                    yield _problem(step.place, f"job '{job.name}': {option} of '{step.name}' means nothing: {why}")
        if job.options.get(STABILITY.name) is not None and (method := _method(job)) not in (None, "blueGreen"):
            yield _problem(job.place, f"job '{job.name}': {STABILITY.name} means nothing with the method {method}")


def _kinds(pipeline: Pipeline, step: In) -> frozenset[str]:
    """The type of an input, and whether it is a job."""
    if (job := pipeline.jobs.get(step.name)) is not None:
        return frozenset({job.type, _JOB})
    resource = pipeline.resources.get(step.name)
    return frozenset() if resource is None else frozenset({resource.type})


def _misplaced(job: Job, option: str, kinds: frozenset[str]) -> str | None:
    belongs = _BELONGS.get(option)
    if option in _DEPLOYED and job.type != "runSh":  # the reader tells it of those
        if job.type != "deploy":
            return f"nothing is deployed by a {job.type} job"
        belongs = _DEPLOYED[option]
    if belongs is None or belongs & kinds:
        return None
    return f"it is for an input that is a {' or '.join(sorted(belongs))}"


def _method(job: Job) -> object:
    beside = [step.options.get(OLD_METHOD.name) for step in job.steps if isinstance(step, Managed)]
    return next((method for method in (job.options.get(METHOD.name), *beside) if method is not None), None)


def _problem(place: Place, message: str) -> Problem:
    return Problem(code=Code.MEANINGLESS_OPTION, place=place, severity=Severity.WARNING, message=message)
