"""The inputs and outputs of one build: versions from the store, definitions from the file, integrations resolved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from runner.errors import SetupError
from runner.integrations.model import Integration, ResolvedIntegration
from runner.integrations.sources import resolve
from runner.pipeline.graph import loops
from runner.pipeline.model import In, Job, Out, Pipeline, Resource
from runner.pipeline.unsupported import missing_for_input
from runner.sealing.keyring import Keyring
from runner.secret import Secret
from runner.service.opening import secure_of, secure_params
from runner.service.ports import Records
from runner.store.rows import BuildRow
from runner.store.versions import Selected
from runner.workspace.dependency import Dependency
from runner.workspace.versions import Version


class Inputs:
    """Resolves each integration once for a run: a reference may be a command that asks a person or a vault. `keys` is
    the directory of the private keys, which need not be there."""

    def __init__(self, pipeline: Pipeline, integrations: Mapping[str, Integration], store: Records, keys: Path) -> None:
        self.keyring = Keyring(keys)
        self._pipeline = pipeline
        self._integrations = integrations
        self._store = store
        self._resolved: dict[str, ResolvedIntegration] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, job: Job, build: BuildRow) -> tuple[Dependency, ...]:
        """Every IN and OUT of the job, in the order of the file, as this build gets them. Raises SetupError."""
        named = {(type(step), step.name): step for step in reversed(job.steps) if isinstance(step, In | Out)}
        steps = list(reversed(named.values()))  # what is named twice counts once, the first time
        refuse_unsupported(self._pipeline, steps)
        of_service = build.attempt is not None
        selected = await (self._store.take_inputs(build, steps) if of_service else self._store.select(steps))
        for step, chosen in zip(steps, selected, strict=True):
            if isinstance(step, In) and chosen.version is None and not in_loop(self._pipeline, job.name, step.name):
                raise SetupError(without_version(step.name))
        return tuple([await self._dependency(step, chosen) for step, chosen in zip(steps, selected, strict=True)])

    async def integrations_of(self, job: Job) -> tuple[ResolvedIntegration, ...]:
        """The job's own list. Raises SetupError."""
        names = dict.fromkeys(named.name for named in job.integrations)
        return tuple([await self.resolved(name) for name in names])

    def variables_of(self, job: Job) -> Mapping[str, Mapping[str, Secret]]:
        """The variables that the TASKs of a job hold encrypted, by their texts. Raises SealedError."""
        return {part.text: self.keyring.open(part, subject) for part, subject in secure_of(job)}

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that this run has resolved: what one job publishes, another one must not show."""
        resolved = (secret for integration in self._resolved.values() for secret in integration.secrets)
        return (*resolved, *self.keyring.secrets)

    async def secrets_of(self, job: Job, dependencies: Iterable[Dependency]) -> tuple[Secret, ...]:
        """The secrets of every integration that a job reaches, of its TASKs and of what it has as inputs. Raises
        SetupError."""
        await self.integrations_of(job)
        self.variables_of(job)
        for dependency in dependencies:
            if isinstance(dependency.step, In) and dependency.name in self._pipeline.resources:
                self._opened(self._pipeline.resources[dependency.name], dependency.version)
        for step in job.steps:
            resource = self._pipeline.resources.get(step.name) if isinstance(step, In | Out) else None
            if resource is not None and resource.integration is not None:
                await self.resolved(resource.integration.name)
        return self.secrets

    def names_of(self, job: Job) -> frozenset[str]:
        """The integrations that a job has: those of its inputs and outputs, and its own."""
        resources = (self._pipeline.resources.get(s.name) for s in job.steps if isinstance(s, In | Out))
        named = (resource.integration for resource in resources if resource is not None)
        return frozenset(one.name for one in (*named, *job.integrations) if one is not None)

    async def notification(self, name: str) -> tuple[Resource, ResolvedIntegration | None]:
        """A notification resource with its integration. Raises SetupError."""
        resource = self._pipeline.resources.get(name)
        if resource is None:
            raise SetupError(f"{name} was removed from the file")
        return resource, await self.resolved(resource.integration.name) if resource.integration is not None else None

    async def resolved(self, name: str) -> ResolvedIntegration:
        async with self._one_at_a_time:
            if name not in self._resolved:
                if name not in self._integrations:
                    raise SetupError(f"integration '{name}' is not among the integrations any more")
                self._resolved[name] = await resolve(self._integrations[name], self.keyring)
            return self._resolved[name]

    async def _dependency(self, step: In | Out, selected: Selected) -> Dependency:
        job = self._pipeline.jobs.get(step.name)
        if job is not None:
            return Dependency(
                step=step,
                type=job.type,
                node_id=selected.node_id,
                is_job=True,
                version=selected.version,
                files=selected.files,
            )
        resource = self._pipeline.resources.get(step.name)
        if resource is None:
            raise SetupError(f"{step.name} was removed from the file")
        named = resource.integration
        return Dependency(
            step=step,
            type=resource.type,
            node_id=selected.node_id,
            yml=resource.yml,
            version=selected.version,
            integration=await self.resolved(named.name) if named else None,
            files=selected.files,
            opened=self._opened(resource, selected.version) if isinstance(step, In) else {},
        )

    def _opened(self, resource: Resource, version: Version | None) -> Mapping[str, Secret]:
        """What a version of params holds encrypted. Raises SealedError."""
        opened: dict[str, Secret] = {}
        for secure, subject in secure_params(resource, version):
            opened |= self.keyring.open(secure, subject)
        return opened


def in_loop(pipeline: Pipeline, job: str, other: str) -> bool:
    """Whether two jobs feed each other: one of them has to begin without a version of the other."""
    return any(job in loop and other in loop for loop in loops(pipeline, triggering=False))


def without_version(name: str) -> str:
    return f"{name} has no version; an input needs one: run it first"


def refuse_unsupported(pipeline: Pipeline, steps: Iterable[In | Out]) -> None:
    """Raises SetupError."""
    for step in steps:
        resource = pipeline.resources.get(step.name)
        missing = missing_for_input(resource) if resource is not None and isinstance(step, In) else None
        if resource is not None and missing is not None:
            raise SetupError(f"IN {step.name} is of type {resource.type}: {missing}")
