"""What a job would get if it began now, as a person may see it: every variable with its source, no secret shown.

Nothing is fetched, cloned, assumed or started for it: a reference to a secret is not followed, since its value would be
hidden anyway; and what only a build can know is told to be unknown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.aws.planned import planned_aws
from runner.errors import SetupError, UsageError
from runner.execution.control import COOKIE, PLACE
from runner.integrations.aws_iam import TYPES, aws_role
from runner.integrations.model import FieldValue, Integration, ResolvedIntegration, Text, Value, Written
from runner.logs.redaction import Redactor
from runner.pipeline.model import In, Job, Out, Task
from runner.pipeline.problems import nearest
from runner.pipeline.sealed import Secure
from runner.sealing.keyring import Keyring, SealedError
from runner.secret import Secret
from runner.service.ci.source import RUN_CI
from runner.service.credentials import variables_of
from runner.service.inputs import in_loop, refuse_unsupported, without_version
from runner.service.journal import encoded
from runner.service.opening import secure_of, secure_params
from runner.service.preparation import CONFIG_FILE, roles_of
from runner.service.project import Project
from runner.store.rehearsing import Rehearsal
from runner.store.versions import Selected
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.documents import expand_placeholders
from runner.workspace.environment import Environment, Shown
from runner.workspace.repository import is_clone, unknown_commit
from runner.workspace.tools.setting_up import ToolSetUp, beside_roles, tools_of
from runner.workspace.variables import JobVariables, Variable, effective

MASK = "****"
HOST = "host"
NOT_BEGIN = "a build would not begin: "
_VEIL = f"veil-{os.urandom(12).hex()}"
"""Stands for every secret while variables are put together, so that what is made of one shows it too."""
_JSON = frozenset({"JSON_key", "credentialFile"})
"""Fields that are documents, of which a part is taken."""
_JSON_VEIL = f'{{"client_email": "{_VEIL}"}}'
_UNKNOWN = f"unknown-{os.urandom(12).hex()}"
"""Stands for what is known only when a build begins."""
_ROLE, _ACCOUNT = "arn:aws:iam::000000000000:role/known-when-it-runs", "000000000000"
_AWS_WHEN_IT_RUNS = frozenset({"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ACCESS_KEY_ID", "AWS_CREDENTIAL_EXPIRATION"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose environment, and where: `base` is what the host gives, `unknown` those of it that depend on the build;
    `place` is where the build would be, `user` who asks."""

    project: Project
    job: Job
    rehearsal: Rehearsal
    place: Path
    base: Mapping[str, str]
    machine: str
    user: str
    keyring: Keyring
    task: Task | None = None
    injected: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    known_secrets: Sequence[Secret] = ()
    unknown: frozenset[str] = frozenset()


def environment(asked: Asked) -> Environment:
    """The variables in the order in which a shell gets them, the host's first."""
    notes: list[str] = []
    variables = _variables(asked, notes)
    host = [Variable(name, _UNKNOWN if name in asked.unknown else value, HOST) for name, value in asked.base.items()]
    host.append(Variable(COOKIE, str(asked.place / PLACE), "runner"))
    own = variables.shared() if asked.task is None else variables.of_task(asked.task, asked.machine)
    show = _Showing(asked)
    return Environment(
        job=asked.job.name,
        task=asked.task.name if asked.task else None,
        tasks=tuple(task.name for task in asked.job.tasks),
        variables=tuple(map(show, effective([*host, *own]).values())),
        notes=(*notes, *_notes(asked)),
    )


def task_of(job: Job, name: str | None) -> Task | None:
    """The TASK of this name, else the first; None where the job has none. Raises UsageError."""
    found = next((task for task in job.tasks if name in (None, task.name)), None)
    if found is None and name is not None:
        names = [task.name for task in job.tasks]
        told = nearest(name, names) or (f"there are {', '.join(names)}" if names else "it has none")
        raise UsageError(f"{job.name} has no TASK '{name}' ({told})")
    return found


class _Showing:
    """Makes variables fit to be seen. Literal secrets of the integrations are hidden wherever they stand, too: a script
    may have published one."""

    def __init__(self, asked: Asked) -> None:
        literal = (secret for found in asked.project.integrations.values() for secret in _secrets(found.fields))
        self._redactor = Redactor(
            encoded(secret) for secret in (*literal, *asked.known_secrets, *asked.keyring.secrets) if secret
        )

    def __call__(self, variable: Variable) -> Shown:
        name, source = variable.name, variable.source
        if variable.secret:
            return Shown(name=name, value=MASK, source=source, secret=True)
        if _UNKNOWN in variable.value or (variable.value == _ACCOUNT and name.endswith("_AWSACCOUNTID")):
            return Shown(name=name, value=None, source=source)
        shown = self._redactor.redact(variable.value.replace(_VEIL, MASK))
        return Shown(name=name, value=shown, source=source)


def _variables(asked: Asked, notes: list[str]) -> JobVariables:
    integrations = [_veiled(asked, asked.project.integrations[name], notes) for name in _own(asked)]
    variables = expand_placeholders(
        JobVariables(
            identity=_identity(asked),
            dependencies=tuple(_dependencies(asked, notes)),
            injected=asked.injected,
            integrations=integrations,
            path=asked.base.get("PATH", ""),
            opened={part.text: _opened(asked, part, subject, notes) for part, subject in secure_of(asked.job)},
        )
    )
    roles = [
        (role, use.region)
        for use in roles_of(variables.dependencies, integrations)
        if (role := aws_role(use.integration))
    ]
    config = asked.place / "work" / CONFIG_FILE
    aws = variables_of(planned_aws(roles, config_file=config, base=asked.base, region=asked.region))
    known = [replace(v, value=_UNKNOWN) if v.name in _AWS_WHEN_IT_RUNS and not v.secret else v for v in aws]
    tools = _tools(asked, variables, notes)
    places = [variable for variable in tools.variables() if not variable.name.startswith("AWS_")]
    return replace(variables, aws=beside_roles(known, tools), tools=places)


def _tools(asked: Asked, variables: JobVariables, notes: list[str]) -> ToolSetUp:
    root = str(asked.place / "work")
    try:
        return tools_of(asked.job.name, variables.dependencies, root)
    except SetupError as error:
        notes.append(NOT_BEGIN + str(error).replace(_VEIL, MASK))
        return ToolSetUp(root=root)


def _own(asked: Asked) -> Iterator[str]:
    return (
        name for name in dict.fromkeys(n.name for n in asked.job.integrations) if name in asked.project.integrations
    )


def _identity(asked: Asked) -> Identity:
    build, job = asked.rehearsal.build, asked.job
    node = asked.rehearsal.nodes[job.name]
    return Identity(
        build_id=build.id,
        number=build.number,
        run_id=build.run_id,
        job=job.name,
        job_type=job.type,
        job_id=node,
        root=str(asked.place / "work"),
        url=(asked.place / "log.jsonl").as_uri(),
        triggered_by=job.name,
        triggered_by_id=node,
        user=asked.user,
    )


def _dependencies(asked: Asked, notes: list[str]) -> Iterator[Dependency]:
    pipeline = asked.project.pipeline
    named = {(type(step), step.name): step for step in reversed(asked.job.steps) if isinstance(step, In | Out)}
    for key, step in reversed(named.items()):
        found = asked.rehearsal.selected[key]
        if isinstance(found, SetupError):
            notes.append(NOT_BEGIN + str(found))
            continue
        if isinstance(step, In) and found.version is None and not in_loop(pipeline, asked.job.name, step.name):
            notes.append(NOT_BEGIN + without_version(step.name))
        yield _dependency(asked, step, found, notes)
    try:
        refuse_unsupported(pipeline, named.values())
    except SetupError as error:
        notes.append(NOT_BEGIN + str(error))


def _dependency(asked: Asked, step: In | Out, found: Selected, notes: list[str]) -> Dependency:
    project = asked.project
    if step.name in project.pipeline.jobs:
        type_ = project.pipeline.jobs[step.name].type
        return Dependency(step=step, type=type_, node_id=found.node_id, is_job=True, version=found.version)
    resource = project.pipeline.resources[step.name]
    named = resource.integration
    known = named is not None and named.name in project.integrations
    opened: dict[str, Secret] = {}
    for secure, subject in secure_params(resource, found.version) if isinstance(step, In) else ():
        opened |= _opened(asked, secure, subject, notes)
    dependency = Dependency(
        step=step,
        type=resource.type,
        node_id=found.node_id,
        yml=resource.yml,
        version=found.version,
        integration=_veiled(asked, project.integrations[named.name], notes) if named and known else None,
        opened=opened,
    )
    return _at_some_commit(dependency) if is_clone(dependency) else dependency


def _at_some_commit(dependency: Dependency) -> Dependency:
    """A local run takes the newest commit of the repository, which is not asked here."""
    version = dependency.version
    if version is None or "shaData" in version.property_bag:
        return dependency
    return replace(dependency, version=replace(version, property_bag=unknown_commit(version.property_bag, _UNKNOWN)))


def _opened(asked: Asked, secure: Secure, subject: str, notes: list[str]) -> Mapping[str, Secret]:
    """The names that an encrypted text stands for, without what it says."""
    try:
        return dict.fromkeys(asked.keyring.open(secure, subject), Secret(_VEIL))
    except SealedError as error:
        notes.append(NOT_BEGIN + str(error))
        return {}


def _veiled(asked: Asked, integration: Integration, notes: list[str]) -> ResolvedIntegration:
    """The integration without any of its secrets, fetched or not."""

    def pairs(key: str, one: Written) -> Iterable[tuple[str, Text]]:
        if isinstance(one, Secure):
            return _opened(asked, one, f"integration '{integration.name}'", notes).items()
        return ((key, one if isinstance(one, str) else Secret(_VEIL)),)

    values: dict[str, Value] = {}
    for name, value in integration.fields.items():
        if isinstance(value, Mapping):
            values[name] = dict(pair for key, one in value.items() for pair in pairs(key, one))
        else:
            values[name] = _hidden(value, _JSON_VEIL if name in _JSON else _VEIL)
    if integration.type.master_name in TYPES:
        if not isinstance(values.get("assumeRoleARN", ""), str):
            values["assumeRoleARN"] = Secret(_ROLE)
        values = {name: value for name, value in values.items() if name != "deliver" or isinstance(value, str)}
    return ResolvedIntegration(name=integration.name, type=integration.type, values=values)


def _hidden(value: Written | tuple[Written, ...], veil: str) -> Value:
    match value:
        case str():
            return value
        case tuple():
            return tuple(one if isinstance(one, str) else Secret(veil) for one in value)
        case _:
            return Secret(veil)


def _secrets(fields: Mapping[str, FieldValue]) -> Iterator[Secret]:
    for value in fields.values():
        inner: Iterable[Written]
        inner = value if isinstance(value, tuple) else value.values() if isinstance(value, Mapping) else (value,)
        yield from (one for one in inner if isinstance(one, Secret))


def _notes(asked: Asked) -> Iterator[str]:
    if asked.job.type == RUN_CI:
        yield "the variables of the CI part are set for each of its builds and are not among these"
    missing = [n.name for n in asked.job.integrations if n.name not in asked.project.integrations]
    yield from (f"integration '{name}' is not there" for name in missing)
