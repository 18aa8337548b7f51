"""From the `cliConfig` inputs of a job to what its tools need. Source: the platform's init scripts of each integration.

Where two inputs set up the same tool the later one counts, but for docker, which keeps the logins of all registries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from runner.pipeline.model import In
from runner.secret import Secret
from runner.workspace.dependency import Dependency
from runner.workspace.tools import amazon, docker, google, kubernetes, others
from runner.workspace.tools.model import PLACE, Call, Part, Use
from runner.workspace.variables import JobVariables, Variable

CLI_CONFIG = "cliConfig"
Maker: TypeAlias = Callable[[Use], Part]

_REGISTRIES: Mapping[str, Maker] = {
    "dockerRegistryLogin": docker.registry,
    "Docker": docker.registry,
    "Private Docker Registry": docker.registry,
    "Docker Trusted Registry": docker.registry,
    "quayLogin": docker.quay,
    "Quay.io": docker.quay,
}
MAKERS: Mapping[str, Maker] = {
    **_REGISTRIES,
    "amazonKeys": amazon.keys,
    "AWS": amazon.old_keys,
    "ECR": amazon.old_registry,
    "amazonIamRole": amazon.role,
    "AWS_IAM": amazon.role,
    "gcloudKey": google.key,
    "GCL": google.old_account,
    "GCR": google.old_registry,
    "GKE": google.old_cluster,
    "azureKeys": others.azure,
    "kubernetesConfig": kubernetes.config,
    "KUBERNETES": kubernetes.old_config,
    "artifactoryKey": others.jfrog,
    "artifactory": others.jfrog,
    "DOC": others.digital_ocean,
}
"""What is set up for each type of integration."""
SCOPES: Mapping[str, frozenset[str]] = {
    "amazonKeys": frozenset({"ecr"}),
    "AWS": frozenset({"ecr"}),
    "amazonIamRole": frozenset({"ecr"}),
    "AWS_IAM": frozenset({"ecr"}),
    "gcloudKey": frozenset({"gcr", "gke"}),
    "azureKeys": frozenset({"aks"}),
}
"""What may be asked for beside `configure`, which always counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One input that sets up a tool, and what that needs."""

    use: Use
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSetUp:
    """What is set up for one build. `root` is its directory, absolute."""

    root: str
    tools: tuple[Tool, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def files(self) -> Mapping[str, str]:
        """By their path below the build directory; those of docker are complete without what calls bring."""
        found = {path: text for tool in self.tools for path, text in tool.part.files.items()}
        if self.logins or any(call.for_registry for _, call in self.calls):
            found[docker.CONFIG] = docker.config(self.logins)
        return {f"{PLACE}/{path}": text for path, text in found.items()}

    @property
    def logins(self) -> dict[str, Secret]:
        return {registry: auth for tool in self.tools for registry, auth in tool.part.logins.items()}

    @property
    def calls(self) -> Sequence[tuple[Use, Call]]:
        return tuple((tool.use, call) for tool in self.tools for call in tool.part.calls)

    @property
    def secrets(self) -> Iterable[Secret]:
        """What is new in it; the values of integrations are known already."""
        return self.logins.values()

    def variables(self) -> list[Variable]:
        """In the order of the inputs, the later one winning."""
        found = [
            Variable(name, value, f"IN {tool.use.dependency.name}", secret)
            for tool in self.tools
            for values, secret in ((tool.part.variables, False), (tool.part.secrets, True))
            for name, value in values.items()
        ]
        if f"{PLACE}/{docker.CONFIG}" in self.files:
            found.append(Variable("DOCKER_CONFIG", f"{self.root}/{PLACE}/docker", "docker"))
        return found

    @property
    def aws_region(self) -> str | None:
        return next((tool.part.aws_region for tool in reversed(self.tools) if tool.part.aws_region), None)


def tools_of(job: str, dependencies: Sequence[Dependency], root: str) -> ToolSetUp:
    """What the inputs of this job set up; their placeholders are replaced already. Raises SetupError."""
    warnings: list[str] = []
    counting: dict[str, Use] = {}
    for dependency in dependencies:
        integration = dependency.integration
        if dependency.type != CLI_CONFIG or not isinstance(dependency.step, In) or integration is None:
            continue
        name = integration.type.master_name
        if name not in MAKERS:
            warnings.append(
                f"IN {dependency.name}: there is no tool to set up for integration '{integration.name}' "
                f"of type {integration.type.display}"
            )
            continue
        scopes = frozenset(dependency.step.scopes)
        warnings += [
            f"IN {dependency.name}: the scope '{scope}' means nothing for an integration of type {name}"
            for scope in sorted(scopes - SCOPES.get(name, frozenset()) - {"configure"})
        ]
        kind = dependency.name if name in _REGISTRIES else name
        counting.pop(kind, None)
        counting[kind] = Use(
            job=job, place=f"{root}/{PLACE}", dependency=dependency, integration=integration, scopes=scopes
        )
    tools = tuple(Tool(use=use, part=MAKERS[use.integration.type.master_name](use)) for use in counting.values())
    warnings += [warning for tool in tools for warning in tool.part.warnings]
    return ToolSetUp(root=root, tools=tools, warnings=tuple(warnings))


def beside_roles(aws: Sequence[Variable], tools: ToolSetUp) -> list[Variable]:
    """The variables of AWS of a build whose tools have keys of their own: those go before the roles where no profile
    is named, and a region that is for the whole job must be that of the keys too."""
    own = {variable.name: variable for variable in tools.variables() if variable.name.startswith("AWS_")}
    other = tools.aws_region is not None and any(v.name == "AWS_REGION" and v.value != tools.aws_region for v in aws)
    dropped = {"AWS_REGION", "AWS_DEFAULT_REGION"} if other else set()
    return [*(v for v in aws if v.name not in own.keys() | dropped), *own.values()]


def with_tools(variables: JobVariables, tools: ToolSetUp, aws: Sequence[Variable]) -> JobVariables:
    """The variables of a build with those of its tools; `aws` are those of its roles."""
    places = [variable for variable in tools.variables() if not variable.name.startswith("AWS_")]
    return replace(variables, aws=beside_roles(aws, tools), tools=places)


def config_with(config: str, region: str | None) -> str:
    """The AWS config file of the build with the region of the tools' keys as that of its default profile."""
    if region is None:
        return config
    profiles = re.sub(r"\A\[default\]\nregion = .*\n\n?", "", config)
    default = f"[default]\nregion = {region}\n"
    return f"{default}\n{profiles}" if profiles else default


def with_logins(tools: ToolSetUp, more: Mapping[str, Secret]) -> str:
    """docker's file with what calls have brought."""
    return docker.config({**tools.logins, **more})
