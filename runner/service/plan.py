"""What a run would do, worked out without doing any of it: nothing is recorded, fetched or assumed."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.integrations.model import Integration
from runner.pipeline.model import In, Out, Pipeline
from runner.pipeline.plain import json_line
from runner.pipeline.problems import Place
from runner.scheduling.one_pass import Finished, LocalRun, Rule, Start
from runner.sealing.keyring import Keyring
from runner.service.foresight import foresee, roles_of_job
from runner.service.ports import RoleUse
from runner.service.project import Project
from runner.workspace.variables import effective


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job that would run. `triggered_by` is itself for a root; `variables` map names to (source, whether secret);
    `sealed` are sentences about encrypted texts whose names are not known here."""

    job: str
    type: str
    triggered_by: str
    why: str
    tasks: tuple[str, ...]
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    roles: tuple[str, ...]
    variables: Mapping[str, tuple[str, bool]]
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`jobs` in the order in which they would start if each succeeded and published; `left_out` with the reason.

    `digest` is the SHA-256 (hex) of everything in the file that decides what runs: equal digests, equal runs."""

    jobs: tuple[PlannedJob, ...]
    left_out: tuple[tuple[str, str], ...]
    digest: str


def make_plan(
    project: Project,
    rules: Mapping[str, Rule],
    injected: Mapping[str, str],
    earlier: Mapping[str, str],
    keyring: Keyring,
) -> Plan:
    """`injected` are the `--param` variables, `earlier` the last status of jobs that have run before; `keyring` tells
    the names of variables that are encrypted."""
    run = LocalRun(rules, earlier, 1)
    starts: list[Start] = []
    left_out: list[tuple[str, str]] = []
    commands = run.begin()
    while commands:
        following = []
        for command in commands:
            if isinstance(command, Start):
                starts.append(command)
                outs = frozenset(out.name for out in project.pipeline.jobs[command.job].outs)
                following += run.finished(Finished(command.job, "success", outs))
            else:
                left_out.append((command.job, command.reason))
        commands = following
    jobs = tuple(_planned(project, rules[start.job], start.triggered_by, injected, keyring) for start in starts)
    return Plan(jobs=jobs, left_out=tuple(left_out), digest=digest(project, rules))


def digest(project: Project, rules: Mapping[str, Rule]) -> str:
    """Equal for two files that run the same: places, comments and the order of keys make no difference."""
    pipeline = project.pipeline
    jobs = [pipeline.jobs[name] for name in rules]
    names = {step.name for job in jobs for step in job.steps if isinstance(step, In | Out)}
    resources = [resource for name, resource in sorted(pipeline.resources.items()) if name in names]
    integrations = {resource.integration.name for resource in resources if resource.integration}
    integrations |= {named.name for job in jobs for named in job.integrations}
    roles = {name: _role(project.integrations[name]) for name in sorted(integrations) if name in project.integrations}
    whole = {"jobs": shape(jobs), "resources": shape(resources), "roles": roles, "rules": shape(list(rules))}
    return hashlib.sha256(json_line(whole).encode()).hexdigest()


def role_integrations(project: Project, rules: Mapping[str, Rule]) -> list[str]:
    """The AWS IAM integrations that the jobs of a run reach, each once."""
    jobs = (project.pipeline.jobs[rule.job] for rule in rules.values() if rule.excluded is None)
    return list(dict.fromkeys(use.integration.name for job in jobs for use in roles_of_job(project, job)))


def shape(value: Any) -> Any:
    """Any model as JSON values, places left out."""
    match value:
        case str() | int() | float() | None:
            return value
        case list() | tuple():
            return [shape(inner) for inner in value if not isinstance(inner, Place)]
        case _ if names := _field_names(value.__class__):
            fields = {name: getattr(value, name) for name in names}
            kind = type(value).__name__
            return {"": kind} | {key: shape(v) for key, v in fields.items() if not isinstance(v, Place)}
        case Mapping():
            return {key: shape(value[key]) for key in sorted(value)}
        case _:
            return str(value)


@functools.cache
def _field_names(kind: type) -> tuple[str, ...]:
    """Those of a dataclass."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _why(rule: Rule, triggered_by: str) -> str:
    if rule.manual:
        return "asked for with --job"
    if triggered_by != rule.job:
        return f"triggered by {triggered_by}"
    return "begins its loop" if rule.loop else "has no upstream job"


def _planned(
    project: Project, rule: Rule, triggered_by: str, injected: Mapping[str, str], keyring: Keyring
) -> PlannedJob:
    job = project.pipeline.jobs[rule.job]
    foreseen = foresee(project, job, triggered_by, injected, keyring)
    return PlannedJob(
        job=job.name,
        type=job.type,
        triggered_by=triggered_by,
        why=_why(rule, triggered_by),
        tasks=tuple(task.name for task in job.tasks),
        ins=tuple(_input(project.pipeline, step) for step in job.ins),
        outs=tuple(f"{out.name} ({_type(project.pipeline, out.name)})" for out in job.outs),
        roles=tuple(_role_use(project, use) for use in foreseen.roles),
        variables={
            name: (variable.source, variable.secret)
            for task in job.tasks or ()
            for name, variable in effective(foreseen.variables.of_task(task, "")).items()
        },
        sealed=foreseen.sealed,
    )


def _role_use(project: Project, use: RoleUse) -> str:
    name, region = use.integration.name, use.region or use.integration.text("region")
    return f"{name}: {_role(project.integrations[name])}" + (f" in {region}" if region else "")


def _role(integration: Integration) -> str:
    role = integration.fields.get("assumeRoleARN")
    return "" if role is None else role if isinstance(role, str) else "(given by a reference)"


def _type(pipeline: Pipeline, name: str) -> str:
    if name in pipeline.jobs:
        return pipeline.jobs[name].type
    return pipeline.resources[name].type


def _input(pipeline: Pipeline, step: In) -> str:
    marks: Sequence[str] = [_type(pipeline, step.name)]
    if not step.switch:
        marks = [*marks, "switch off"]
    pin = step.version_name if step.version_number is None else step.version_number
    if pin is not None:
        marks = [*marks, f"pinned to {pin}"]
    return f"{step.name} ({', '.join(marks)})"
