"""The variables of a build in the order in which they are exported; a later one of the same name wins.

Source of the order: params, platform, injected, one block per IN and OUT in the order of the file, the job's own
integrations, the TASK's env; then the platform's set once more, so that nothing can take its place. Before all of them,
ours: where the command line tools of the build are set up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runner.integrations.flatten import flatten
from runner.integrations.key_files import given_key_files
from runner.integrations.model import ResolvedIntegration
from runner.names import is_variable, variable_key, variable_prefix
from runner.pipeline.model import Task
from runner.pipeline.plain import Json, plain, variable_text
from runner.pipeline.problems import Place
from runner.pipeline.sealed import Secure
from runner.secret import Secret
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.git_logins import GitLogins
from runner.workspace.parameters import parameters_of
from runner.workspace.repository import GIT_REPO, key_path, repository_variables


@dataclass(frozen=True, slots=True)
class Variable:
    """A name bash takes, the literal value, and where it comes from (for people)."""

    name: str
    value: str
    source: str
    secret: bool = False


def params_variables(dependencies: Iterable[Dependency]) -> Iterator[Variable]:
    """Every key of every params IN under its own name, sanitized, case kept."""
    for dependency in dependencies:
        for each in parameters_of(dependency):
            yield Variable(variable_key(each.key), each.text, f"params {dependency.name}", each.secret)


def platform_variables(identity: Identity) -> Iterator[Variable]:
    """What the platform sets for every runSh job."""
    prefix = variable_prefix(identity.job)
    own = {"NAME": identity.job, "TYPE": identity.job_type, **_places(identity.root)}
    values = _platform_values(identity) | {f"{prefix}_{key}": value for key, value in own.items()}
    return (Variable(name, value, "platform") for name, value in values.items())


def platform_names() -> frozenset[str]:
    """The names that the platform sets whatever the job is called."""
    nobody = Identity(
        build_id=0, number=0, run_id=0, job="", job_type="", job_id=0, root="", url="", triggered_by="",
        triggered_by_id=0, user="",
    )  # fmt: skip
    task = Task(name="", place=Place(""), script=())
    return frozenset(_platform_values(nobody)) | {variable.name for variable in task_variables(task, "")}


def _places(root: str) -> dict[str, str]:
    return {
        "PATH": root,
        "STATE": f"{root}/state",
        "PREVIOUS_STATE": f"{root}/previousState",
        "INTEGRATIONS": f"{root}/integrations",
        "MESSAGE": f"{root}/message.json",
    }


def _platform_values(identity: Identity) -> dict[str, str]:
    root = identity.root
    return {
        "RESOURCE_ID": str(identity.job_id),
        "BUILD_ID": str(identity.build_id),
        "BUILD_NUMBER": str(identity.number),
        "BUILD_JOB_ID": str(identity.build_id),
        "BUILD_JOB_NUMBER": str(identity.item),
        "BUILD_URL": identity.url,
        "SUBSCRIPTION_ID": "local",
        "JOB_NAME": identity.job,
        "JOB_TYPE": identity.job_type,
        "BUILD_DIR": root,
        **{f"JOB_{key}": place for key, place in _places(root).items()},
        "JOB_TRIGGERED_BY_NAME": identity.triggered_by,
        "JOB_TRIGGERED_BY_ID": str(identity.triggered_by_id),
        "JOB_TRIGGERED_BY_USER": identity.user,
        "SHARED_DIR": f"{root}/shared",
        "BUILD_SECRETS_DIR": f"{root}/secrets",
        "SUBSCRIPTION_PRIVATE_KEY": f"{root}/secrets/00_sub",
        "SHIPPABLE_INTEGRATION_ENVS_PATH": f"{root}/scripts/integration_envs.env",
        "SHIPPABLE_AMI_VERSION": "local",
        "SHIPPABLE_WWW_URL": "",
    }


def dependency_variables(dependency: Dependency, root: str) -> Iterator[Variable]:
    """`<NAME>_*` of one IN or OUT; with an integration its fields, key-value pairs under their own names too."""
    prefix = variable_prefix(dependency.name)
    source = f"{dependency.operation} {dependency.name}"
    path = f"{root}/{dependency.operation}/{dependency.name}"
    version = dependency.version
    values = {
        "NAME": dependency.name,
        "TYPE": dependency.type,
        "OPERATION": dependency.operation,
        "ID": str(dependency.node_id),
        "PATH": path,
        "META": path,
        "STATE": f"{path}/{dependency.type}",
        "VERSIONNAME": (version.name or "") if version else "",
        "VERSIONNUMBER": str(version.number) if version else "",
        "VERSIONID": str(version.id) if version else "",
    }
    if "sourceName" in dependency.bag:
        values["SOURCENAME"] = variable_text(dependency.bag["sourceName"])
    yield from (Variable(f"{prefix}_{key}", value, source) for key, value in values.items())
    for each in parameters_of(dependency):
        yield Variable(f"{prefix}_PARAMS_{variable_key(each.key).upper()}", each.text, source, each.secret)
    yield from (Variable(f"{prefix}_{key}", value, source) for key, value in _content_variables(dependency, root))
    if dependency.integration is not None:
        named = f"{source}, integration {dependency.integration.name}"
        yield from integration_variables(dependency.integration, prefix, named)
        yield from key_variables(dependency.integration, prefix, f"{path}/{dependency.name}", named)


def _content_variables(dependency: Dependency, root: str) -> Iterator[tuple[str, str]]:
    if dependency.type == GIT_REPO:
        yield from repository_variables(dependency.bag, f"{root}/{key_path(dependency.name)}")
    for word in ("pointer", "seed"):  # the old syntax only: a versionTemplate makes no such variables
        if word in dependency.yml:
            yield from spread(word.upper(), plain(dependency.yml[word]))


def spread(prefix: str, value: Json) -> Iterator[tuple[str, str]]:
    """Nested content as `PREFIX_KEY_KEY`, lists by index from 0."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from spread(f"{prefix}_{variable_key(str(key)).upper()}", inner)
        case list():
            for index, inner in enumerate(value):
                yield from spread(f"{prefix}_{index}", inner)
        case _:
            yield prefix, variable_text(value)


def integration_variables(integration: ResolvedIntegration, prefix: str, source: str) -> Iterator[Variable]:
    """`<PREFIX>_INTEGRATION_<FIELD>` of each field, and the bare name of each key-value pair."""
    for flat in flatten(integration):
        key = variable_key(flat.key)
        if flat.bare:
            yield Variable(key, flat.value, source, flat.secret)
        yield Variable(f"{prefix}_INTEGRATION_{key.upper()}", flat.value, source, flat.secret)


def key_variables(integration: ResolvedIntegration, prefix: str, place: str, source: str) -> Iterator[Variable]:
    """`<PREFIX>_KEYPATH` and the other paths of key files; `place` is where they begin, without a suffix."""
    for file in given_key_files(integration):
        yield from (Variable(f"{prefix}_{name}", f"{place}{file.suffix}", source) for name in file.variables)


def task_variables(task: Task, machine: str) -> Iterator[Variable]:
    """What the platform says about the TASK itself. `machine` is the processor (`x86_64`)."""
    yield Variable("TASK_NAME", task.name, "platform")
    yield Variable("TASK_IN_CONTAINER", "false", "platform")
    yield Variable("SHIPPABLE_NODE_ARCHITECTURE", machine, "platform")
    yield Variable("SHIPPABLE_NODE_OPERATING_SYSTEM", "linux", "platform")
    yield Variable("IS_RESTRICTED_NODE", "false", "platform")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobVariables:
    """The blocks of a build's variables that all of its TASKs share. `injected` comes from the command line, `aws`
    from the credential broker; `desk` says where the runner sends for jobs; `tools` say where command line tools are
    set up, whatever else may say so wins; `opened` are the variables of the encrypted texts in the `env` of TASKs."""

    identity: Identity
    dependencies: Sequence[Dependency]
    injected: Mapping[str, str]
    integrations: Sequence[ResolvedIntegration] = ()
    aws: Sequence[Variable] = ()
    desk: Sequence[Variable] = ()
    opened: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    tools: Sequence[Variable] = ()
    path: str = ""

    @property
    def git_logins(self) -> GitLogins:
        return GitLogins.of(self.dependencies, self.integrations)

    def before(self, position: int) -> list[Variable]:
        """What is known when the dependency at `position` is prepared: nothing of later steps."""
        known = self.dependencies[:position]
        return [Variable("PATH", self.path, "host"), *self._head(known), *self._steps(known)]

    def shared(self) -> list[Variable]:
        """Everything but what belongs to one TASK."""
        root = self.identity.root
        git = (Variable(name, value, "git credentials") for name, value in self.git_logins.variables(root))
        return [*self.tools, *git, *self._head(self.dependencies), *self._steps(self.dependencies), *self._own()]

    def of_task(self, task: Task, machine: str) -> list[Variable]:
        """The complete list for one TASK, in order."""
        return [*self.shared(), *self._env(task), *self.fixed(task, machine)]

    def fixed(self, task: Task, machine: str) -> list[Variable]:
        """What nothing takes the place of: the platform's variables, those of AWS and those of the desk."""
        return [*platform_variables(self.identity), *task_variables(task, machine), *self.aws, *self.desk]

    def _env(self, task: Task) -> Iterator[Variable]:
        source = f"TASK {task.name}"
        for part in task.env:
            if isinstance(part, Secure):
                opened = self.opened.get(part.text, {})
                yield from (Variable(name, value.reveal(), source, secret=True) for name, value in opened.items())
            else:
                yield Variable(*part, source)

    def _head(self, known: Sequence[Dependency]) -> Iterator[Variable]:
        yield from params_variables(known)
        yield from platform_variables(self.identity)
        yield from (Variable(name, value, "--param") for name, value in self.injected.items())

    def _steps(self, known: Sequence[Dependency]) -> Iterator[Variable]:
        for dependency in known:
            yield from dependency_variables(dependency, self.identity.root)

    def _own(self) -> Iterator[Variable]:
        for integration in self.integrations:
            name = integration.name
            prefix, source = variable_prefix(name), f"integration {name}"
            yield from integration_variables(integration, prefix, source)
            yield from key_variables(integration, prefix, f"{self.identity.root}/integrations/{name}/{name}", source)


def effective(variables: Iterable[Variable]) -> dict[str, Variable]:
    """The winning variable of each name, in the order of first mention; names bash does not take are left out."""
    return {variable.name: variable for variable in variables if is_variable(variable.name)}


def unusable(variables: Iterable[Variable]) -> list[Variable]:
    """Variables whose names bash does not take, for a warning."""
    return [variable for variable in variables if not is_variable(variable.name)]
