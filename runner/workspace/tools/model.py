"""What a command line tool needs before a build can use it: files, variables, logins; and what it is made of.

All of it belongs to one build: the files stand below `secrets/tools/` of its directory, which only the job's user can
read and which goes with the build, and variables of the tools point there. Nothing in a home is read or changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.errors import SetupError
from runner.integrations.model import ResolvedIntegration
from runner.pipeline.plain import variable_text
from runner.secret import Secret
from runner.workspace.dependency import Dependency

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()-]*", re.ASCII)
PLACE = "secrets/tools"
"""Below the build directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One `cliConfig` input of a job with its integration. `place` is the absolute path of PLACE."""

    job: str
    place: str
    dependency: Dependency
    integration: ResolvedIntegration
    scopes: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        return f"job {self.job}: IN {self.dependency.name} ({self.dependency.type})"

    def setting(self, key: str) -> str:
        """`region`, `clusterName` or `groupName` of its version; empty where it has none.

        It comes from whoever writes pipelines, and tools read more than names out of it: for az `@FILE` is what is in a
        file. Raises SetupError."""
        text = variable_text(self.dependency.bag.get(key))
        if text and _NAME.fullmatch(text) is None:
            raise SetupError(f"{self.subject}: '{key}' must be a name, of letters, digits and . _ - ( )")
        return text

    def field(self, name: str) -> str:
        """A field of the integration that the tool cannot do without. Raises SetupError."""
        text = self.integration.text(name)
        if text is None:
            raise SetupError(f"{self.subject}: integration '{self.integration.name}' has no '{name}'")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command that is run once, before the first TASK. No secret is in `argv`; `environment` is what it gets beside
    the environment of the job. `for_registry`: it prints a login of ECR (`get-authorization-token`)."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    for_registry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one tool needs. `commands` must be there, of each group one. `files` are by their path below PLACE;
    `variables` and `secrets` become variables of the job; `logins` are those of docker, by registry, as base64 of
    `user:password`. `warnings` are what nobody may miss."""

    commands: tuple[tuple[str, ...], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    logins: Mapping[str, Secret] = field(default_factory=dict)
    calls: tuple[Call, ...] = ()
    aws_region: str | None = None
    warnings: tuple[str, ...] = ()
