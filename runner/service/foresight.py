"""What is known of a job before it runs: inputs as the file has them, nothing fetched, no role assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.aws.planned import planned_aws
from runner.integrations.aws_iam import aws_role
from runner.integrations.model import Integration, ResolvedIntegration
from runner.pipeline.model import In, Job, Out
from runner.pipeline.plain import plain
from runner.sealing.keyring import Keyring
from runner.secret import Secret
from runner.service.credentials import variables_of
from runner.service.opening import Opening
from runner.service.ports import RoleUse
from runner.service.preparation import roles_of
from runner.service.project import Project
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.documents import expand_placeholders
from runner.workspace.variables import JobVariables
from runner.workspace.versions import Version

UNKNOWN_ROLE = "arn:aws:iam::000000000000:role/known-when-it-runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """`variables` have their names and sources; `roles` the regions that the file names, no secret put in; `sealed`
    says why the names are not known that stand in encrypted texts."""

    variables: JobVariables
    roles: Sequence[RoleUse]
    sealed: tuple[str, ...] = ()


def foresee(
    project: Project, job: Job, triggered_by: str, injected: Mapping[str, str], keyring: Keyring | None = None
) -> Foreseen:
    """`injected` are the `--param` variables; without `keyring` nothing is decrypted, and nothing said of it."""
    opening = Opening(keyring)
    variables = expand_placeholders(
        JobVariables(
            identity=_identity(job, triggered_by),
            dependencies=_dependencies(project, job, opening),
            injected=injected,
            integrations=_own_integrations(project, job, opening),
            opened=opening.of_tasks(job),
        )
    )
    shown = [replace(dependency, version=dependency.storable) for dependency in variables.dependencies]
    roles = roles_of(shown, variables.integrations)
    found = [(role, use.region) for use in roles if (role := aws_role(use.integration)) is not None]
    return Foreseen(
        variables=replace(variables, aws=variables_of(planned_aws(found))),
        roles=roles,
        sealed=tuple(opening.refused),
    )


def roles_of_job(project: Project, job: Job) -> Sequence[RoleUse]:
    """The AWS IAM integrations that a job reaches, not fetched, with the regions that the file names."""
    return foresee(project, job, job.name, {}).roles


def _dependencies(project: Project, job: Job, opening: Opening) -> list[Dependency]:
    steps = (step for step in job.steps if isinstance(step, In | Out) and _known(project, step))
    return [_dependency(project, step, opening) for step in steps]


def _own_integrations(project: Project, job: Job, opening: Opening) -> list[ResolvedIntegration]:
    names = (named.name for named in job.integrations if named.name in project.integrations)
    return [_unresolved(project.integrations[name], opening) for name in names]


def _known(project: Project, step: In | Out) -> bool:
    return step.name in project.pipeline.jobs or step.name in project.pipeline.resources


def _dependency(project: Project, step: In | Out, opening: Opening) -> Dependency:
    if step.name in project.pipeline.jobs:
        return Dependency(step=step, type=project.pipeline.jobs[step.name].type, node_id=0, is_job=True)
    resource = project.pipeline.resources[step.name]
    named = resource.integration
    known = named is not None and named.name in project.integrations
    version = Version(
        id=0, number=0, name=resource.version_name, property_bag=plain(resource.property_bag), created_at=""
    )
    return Dependency(
        step=step,
        type=resource.type,
        node_id=0,
        yml=resource.yml,
        version=version,
        integration=_unresolved(project.integrations[named.name], opening) if named and known else None,
        opened=opening.of_params(resource, version) if isinstance(step, In) else {},
    )


def _unresolved(integration: Integration, opening: Opening) -> ResolvedIntegration:
    """The integration with an empty secret wherever a reference would be fetched."""

    def known(value: Any) -> Any:
        match value:
            case str() | Secret():
                return value
            case tuple():
                return tuple(known(inner) for inner in value)
            case Mapping():
                return {key: known(inner) for key, inner in opening.of_pairs(integration, value).items()}
            case _:
                return Secret("")

    values = {name: known(value) for name, value in integration.fields.items()}
    if "assumeRoleARN" in values and not isinstance(values["assumeRoleARN"], str):
        values["assumeRoleARN"] = UNKNOWN_ROLE
    return ResolvedIntegration(name=integration.name, type=integration.type, values=values)


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
