"""What a run would do, worked out without doing any of it: nothing is recorded, fetched or assumed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.integrations.model import Integration, ResolvedIntegration
from runner.pipeline.model import In, Job, Out, Pipeline
from runner.pipeline.plain import json_line, plain
from runner.pipeline.problems import Place
from runner.scheduling.rules import Finished, LocalRun, Rule, Start
from runner.secret import Secret
from runner.service.preparation import roles_of
from runner.service.project import Project
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.variables import JobVariables, effective
from runner.workspace.versions import Version

UNKNOWN_ROLE = "arn:aws:iam::000000000000:role/known-when-it-runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job that would run. `triggered_by` is itself for a root; `variables` map names to (source, whether secret)."""

    job: str
    type: str
    triggered_by: str
    why: str
    tasks: tuple[str, ...]
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    roles: tuple[str, ...]
    variables: Mapping[str, tuple[str, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`jobs` in the order in which they would start if each succeeded and published; `left_out` with the reason.

    `digest` is the SHA-256 (hex) of everything in the file that decides what runs: equal digests, equal runs."""

    jobs: tuple[PlannedJob, ...]
    left_out: tuple[tuple[str, str], ...]
    digest: str


def make_plan(
    project: Project, rules: Mapping[str, Rule], injected: Mapping[str, str], earlier: Mapping[str, str]
) -> Plan:
    """`injected` are the `--param` variables, `earlier` the last status of jobs that have run before."""
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
    jobs = tuple(_planned(project, rules[start.job], start.triggered_by, injected) for start in starts)
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
    shape = {"jobs": _shape(jobs), "resources": _shape(resources), "roles": roles, "rules": _shape(list(rules))}
    return hashlib.sha256(json_line(shape).encode()).hexdigest()


def role_integrations(project: Project, rules: Mapping[str, Rule]) -> list[str]:
    """The AWS IAM integrations that the jobs of a run reach, each once."""
    jobs = (project.pipeline.jobs[rule.job] for rule in rules.values() if rule.excluded is None)
    return list(dict.fromkeys(name for job in jobs for name, _ in roles_of_job(project, job)))


def roles_of_job(project: Project, job: Job) -> list[tuple[str, str | None]]:
    """Name of each AWS IAM integration that a job reaches, and the region that the file names with it."""
    uses = roles_of(_dependencies(project, job), _own_integrations(project, job))
    return [(use.integration.name, use.region) for use in uses]


def _shape(value: Any) -> Any:
    """Any model as JSON values, places left out."""
    match value:
        case Mapping():
            return {key: _shape(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [_shape(inner) for inner in value if not isinstance(inner, Place)]
        case _ if dataclasses.is_dataclass(value):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            kind = type(value).__name__
            return {"": kind} | {key: _shape(v) for key, v in fields.items() if not isinstance(v, Place)}
        case str() | int() | float() | None:
            return value
        case _:
            return str(value)


def _why(rule: Rule, triggered_by: str) -> str:
    if rule.manual:
        return "asked for with --job"
    if triggered_by != rule.job:
        return f"triggered by {triggered_by}"
    return "begins its loop" if rule.loop else "has no upstream job"


def _planned(project: Project, rule: Rule, triggered_by: str, injected: Mapping[str, str]) -> PlannedJob:
    job = project.pipeline.jobs[rule.job]
    dependencies = _dependencies(project, job)
    integrations = _own_integrations(project, job)
    variables = JobVariables(
        identity=_identity(job, triggered_by), dependencies=dependencies, injected=injected, integrations=integrations
    )
    roles = roles_of(dependencies, integrations)
    return PlannedJob(
        job=job.name,
        type=job.type,
        triggered_by=triggered_by,
        why=_why(rule, triggered_by),
        tasks=tuple(task.name for task in job.tasks),
        ins=tuple(_input(project.pipeline, step) for step in job.ins),
        outs=tuple(f"{out.name} ({_type(project.pipeline, out.name)})" for out in job.outs),
        roles=tuple(
            f"{use.integration.name}: {_role(project.integrations[use.integration.name])}"
            + (f" in {use.region}" if use.region else "")
            for use in roles
        ),
        variables={
            name: (variable.source, variable.secret)
            for task in job.tasks or ()
            for name, variable in effective(variables.of_task(task, "")).items()
        },
    )


def _dependencies(project: Project, job: Job) -> list[Dependency]:
    return [_dependency(project, step) for step in job.steps if isinstance(step, In | Out) and _known(project, step)]


def _own_integrations(project: Project, job: Job) -> list[ResolvedIntegration]:
    return [_unresolved(project.integrations[named.name]) for named in job.integrations]


def _known(project: Project, step: In | Out) -> bool:
    return step.name in project.pipeline.jobs or step.name in project.pipeline.resources


def _dependency(project: Project, step: In | Out) -> Dependency:
    resource = project.pipeline.resources.get(step.name)
    if resource is None:
        return Dependency(step=step, type=_type(project.pipeline, step.name), node_id=0, is_job=True)
    named = resource.integration
    return Dependency(
        step=step,
        type=resource.type,
        node_id=0,
        yml=resource.yml,
        version=Version(
            id=0, number=0, name=resource.version_name, property_bag=plain(resource.property_bag), created_at=""
        ),
        integration=_unresolved(project.integrations[named.name]) if named else None,
    )


def _unresolved(integration: Integration) -> ResolvedIntegration:
    """The integration with an empty secret wherever a reference would be fetched."""

    def known(value: Any) -> Any:
        match value:
            case str() | Secret():
                return value
            case tuple():
                return tuple(known(inner) for inner in value)
            case Mapping():
                return {key: known(inner) for key, inner in value.items()}
            case _:
                return Secret("")

    values = {name: known(value) for name, value in integration.fields.items()}
    if "assumeRoleARN" in values and not isinstance(values["assumeRoleARN"], str):
        values["assumeRoleARN"] = UNKNOWN_ROLE
    return ResolvedIntegration(name=integration.name, type=integration.type, values=values)


def _role(integration: Integration) -> str:
    role = integration.fields.get("assumeRoleARN")
    return "" if role is None else role if isinstance(role, str) else "(given by a reference)"


def _identity(job: Job, triggered_by: str) -> Identity:
    return Identity(
        build_id=0,
        number=0,
        run_id=0,
        job=job.name,
        job_type=job.type,
        job_id=0,
        root="",
        url="",
        triggered_by=triggered_by,
        triggered_by_id=0,
        user="",
    )


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
