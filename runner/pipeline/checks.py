"""What can only be seen over all files: names that nothing defines, names that collide, loops."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runner.names import variable_prefix
from runner.pipeline.codes import Code
from runner.pipeline.graph import loop_path, loops, starts
from runner.pipeline.model import In, Job, Named, Out, Pipeline, Target
from runner.pipeline.problems import Place, Problem, Severity, nearest
from runner.pipeline.report import Note

if TYPE_CHECKING:
    from runner.pipeline.entries import Entries
    from runner.pipeline.report import Report

_NOTIFICATION = "notification"
_NOT_PINNABLE = ("syncRepo", "ciRepo")
"""Their commit is settled when a build begins. Source: the platform took no pins of them either."""
_MAX_HINTS = 20
"""For how many missing names the nearest known one is looked up: each costs a look at all names."""


def check_references(entries: Entries, report: Report) -> None:
    """Every IN, OUT and NOTIFY names something that is there, and of the right type."""
    references = _References(entries, report)
    for job in entries.jobs.values():
        references.check(job)


class _References:
    def __init__(self, entries: Entries, report: Report) -> None:
        self._entries = entries
        self._report = report
        self._hints: dict[str, str] = {}

    def check(self, job: Job) -> None:
        for step in job.ins:
            self._exists(job, Named(step.name, step.place), "IN")
            self._check_pin(job, step)
        for out in job.outs:
            if self._exists(job, Named(out.name, out.place), "OUT"):
                self._check_out(job, out)
        for target in targets_of(job):
            if self._exists(job, Named(target.name, target.place), "NOTIFY"):
                self._check_target(job, target)

    def _exists(self, job: Job, named: Named, verb: str) -> bool:
        if named.name in self._entries.declared:
            return True
        self._report.add(
            Problem(
                code=Code.UNDEFINED_NAME,
                place=named.place,
                severity=Severity.INCONSISTENT,
                message=f"job '{job.name}': {verb} '{named.name}' does not exist",
                hint=self._hint(named.name),
                node=job.name,
            )
        )
        return False

    def _hint(self, name: str) -> str:
        if name not in self._hints and len(self._hints) < _MAX_HINTS:
            self._hints[name] = nearest(name, self._entries.declared)
        return self._hints.get(name, "")

    def _check_pin(self, job: Job, step: In) -> None:
        resource = self._entries.resources.get(step.name)
        pinned = step.version_name is not None or step.version_number is not None
        if pinned and resource is not None and resource.type in _NOT_PINNABLE:
            message = f"job '{job.name}': IN '{step.name}' is a {resource.type}, which cannot be pinned to a version"
            self._report.error(Code.NOT_PINNABLE, step.place, "", message, "pin a gitRepo of the same repository")

    def _check_out(self, job: Job, out: Out) -> None:
        jobs, resources = self._entries.jobs, self._entries.resources
        if out.name in jobs:
            self._warn(Code.JOB_AS_OUTPUT, job, out, f"OUT '{out.name}' is a job: it is started directly")
        source = out.replicate
        if source is None:
            return
        if source not in {step.name for step in job.ins}:
            self._warn(Code.REPLICATE, job, out, f"replicate '{source}' is not an input of this job")
        elif source in resources and out.name in resources and resources[source].type != resources[out.name].type:
            types = f"'{source}' of type {resources[source].type} to type {resources[out.name].type}"
            self._warn(Code.REPLICATE, job, out, f"replicate copies {types}")

    def _warn(self, code: Code, job: Job, out: Out, message: str) -> None:
        self._report.warn(code, out.place, "", f"job '{job.name}': {message}")

    def _check_target(self, job: Job, target: Target) -> None:
        resource = self._entries.resources.get(target.name)
        if target.name in self._entries.jobs or (resource is not None and resource.type != _NOTIFICATION):
            message = f"job '{job.name}': NOTIFY '{target.name}' is not a notification"
            self._report.error(Code.NOT_A_NOTIFICATION, target.place, "", message)
        elif resource is not None and resource.integration is None and not resource.property_bag.get("method"):
            self._report.note(Note.NOTIFY, resource.place, resource.name)


def targets_of(job: Job) -> tuple[Target, ...]:
    """Everything the hooks of a job notify."""
    hooks = job.hooks
    all_hooks = (hooks.on_start, hooks.on_success, hooks.on_failure, hooks.on_cancel, hooks.always)
    return tuple(target for hook in all_hooks for target in hook.notify)


def check_variables(entries: Entries, report: Report) -> None:
    """Two names that give the same variables hide each other's values where a job has both."""
    first: dict[str, str] = {}
    for name, declared in entries.declared.items():
        prefix = variable_prefix(name)
        other = first.setdefault(prefix, name)
        if other != name and prefix:
            report.warn(
                Code.SHARED_VARIABLES,
                declared.place,
                "",
                f"'{name}' and '{other}' ({entries.declared[other].place}) share the variables {prefix}_…",
            )


def check_own_integrations(pipeline: Pipeline, report: Report) -> None:
    """The integrations of a job's own list give variables of their own names, beside those of its steps."""
    for job in pipeline.jobs.values():
        steps = (*(step.name for step in job.ins), *(step.name for step in job.outs))
        first = {variable_prefix(name): name for name in (job.name, *steps)}
        for named in job.integrations:
            prefix = variable_prefix(named.name)
            other = first.setdefault(prefix, named.name)
            if not prefix:
                message = f"the integration '{named.name}' has no letter: its variables begin with '_INTEGRATION_'"
                report.warn(Code.NAMELESS_VARIABLES, named.place, f"job '{job.name}'", message)
            elif other != named.name:
                message = f"the integration '{named.name}' and '{other}' share the variables {prefix}_…"
                report.warn(Code.SHARED_VARIABLES, named.place, f"job '{job.name}'", message)


def check_loops(pipeline: Pipeline, report: Report) -> None:
    """Jobs that start each other for ever are a warning: in one local run a job runs at most once."""
    for loop in loops(pipeline):
        path = loop_path(pipeline, loop)
        places = ", ".join(f"{name} at {_input_from(pipeline, before, name)}" for before, name in pairwise(path))
        report.warn(
            Code.LOOP,
            pipeline.jobs[path[0]].place,
            "",
            f"jobs {' -> '.join(path)} form a loop of triggering inputs ({places})",
        )


def _input_from(pipeline: Pipeline, before: str, name: str) -> Place:
    """Where the job `name` says that `before` starts it: its input, else the output of `before` that names it."""
    written = {out.name for out in pipeline.jobs[before].outs}
    for step in pipeline.jobs[name].ins:
        if starts(pipeline, step) and (step.name == before or step.name in written):
            return step.place
    return next((out.place for out in pipeline.jobs[before].outs if out.name == name), pipeline.jobs[name].place)
