"""version.json of a dependency and message.json of a build: the documents that scripts and shipctl read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from runner.pipeline.model import In, Job, Managed, Out, Task
from runner.pipeline.plain import Json, json_line, plain
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.placeholders import expand
from runner.workspace.repository import repository_facts
from runner.workspace.variables import JobVariables, Variable, effective

FLAGS = ("replicate", "replicateOnPullRequest", "overwrite", "on_failure", "pull", "applyTo", "force")
"""Options of a step that version.json repeats in `versionDependencyPropertyBag`."""


def expand_placeholders(variables: JobVariables) -> JobVariables:
    """The same job with the placeholders of its dependencies replaced, each with what earlier steps give.

    A secret is not put into what gets stored, its placeholder stays there: in the version of an OUT, and in the copy
    of an IN's version that is kept for outputs. What an IN made of a secret counts as one itself.
    """
    veiled = variables
    for position, dependency in enumerate(variables.dependencies):
        if dependency.type != "params":
            hidden = _expanded(dependency, veiled.before(position))
            shown = hidden
            if isinstance(dependency.step, In):
                shown = _expanded(dependency, [replace(v, secret=False) for v in variables.before(position)])
                shown = replace(shown, veiled=hidden.version)
            veiled, variables = _put(veiled, position, hidden), _put(variables, position, shown)
    return variables


def _put(variables: JobVariables, position: int, dependency: Dependency) -> JobVariables:
    done = list(variables.dependencies)
    done[position] = dependency
    return replace(variables, dependencies=done)


def _expanded(dependency: Dependency, given: Iterable[Variable]) -> Dependency:
    """The dependency with what these variables give; placeholders of secret ones stay."""
    found = effective(given).values()
    known = {variable.name: variable.value for variable in found}
    kept = {variable.name for variable in found if variable.secret}
    version = dependency.version
    if version is not None:
        bag = expand(dict(version.property_bag), known, kept)
        version = replace(version, name=expand(version.name, known, kept), property_bag=bag)
    return replace(dependency, yml=expand(plain(dependency.yml), known, kept), version=version)


def version_document(dependency: Dependency) -> str:
    """The one line of version.json."""
    step = plain(dependency.step.written)
    return json_line(
        {
            "name": dependency.name,
            "operation": dependency.operation,
            "resourceId": dependency.node_id,
            "type": dependency.type,
            "isJob": dependency.is_job,
            "isConsistent": True,
            "projectId": None,
            "subscriptionIntegrationId": dependency.integration.name if dependency.integration else None,
            "propertyBag": {"yml": plain(dependency.yml), **repository_facts(dependency.bag)},
            "version": version_of(dependency),
            "versionDependencyPropertyBag": {key: step[key] for key in FLAGS if key in step},
            "step": step,
        }
    )


def version_of(dependency: Dependency) -> Json:
    """`version` of version.json; null ids for an OUT that has none yet."""
    version = dependency.version
    return {
        "versionId": version.id if version else None,
        "versionNumber": version.number if version else None,
        "versionName": version.name if version else None,
        "createdAt": version.created_at if version else None,
        "propertyBag": dict(dependency.bag),
    }


def message_document(job: Job, identity: Identity, dependencies: Sequence[Dependency]) -> str:
    """The one line of message.json."""
    return json_line(
        {
            "name": job.name,
            "resourceId": identity.job_id,
            "subscriptionId": "local",
            "type": job.type,
            "path": identity.root,
            "buildNumber": identity.number,
            "steps": [_step(step) for step in job.steps],
            "force": False,
            "propertyBag": {},
            "dependencies": [_message_dependency(dependency, identity.root) for dependency in dependencies],
        }
    )


def _step(step: In | Out | Task | Managed) -> Json:
    match step:
        case In() | Out():
            return plain(step.written)
        case Task():
            return {"TASK": {"name": step.name, "script": [item.text for item in step.script]}}
        case Managed():
            return {"TASK": "managed", **{key: plain(value) for key, value in step.options.items()}}


def _message_dependency(dependency: Dependency, root: str) -> Json:
    step = plain(dependency.step.written)
    return {
        "operation": dependency.operation,
        "name": dependency.name,
        "resourceId": dependency.node_id,
        "type": dependency.type,
        "path": f"{root}/{dependency.operation}/{dependency.name}",
        "propertyBag": {"yml": plain(dependency.yml), **repository_facts(dependency.bag)},
        "sourceName": dependency.bag.get("sourceName"),
        "version": version_of(dependency),
        "versionDependencyPropertyBag": {key: step[key] for key in FLAGS if key in step},
    }
