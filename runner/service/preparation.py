"""What is done before the first user command: inputs, integrations, credentials, the build directory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.integrations.aws_iam import TYPES
from runner.integrations.keeping_back import is_kept_back
from runner.integrations.model import ResolvedIntegration
from runner.logs.forms import too_short
from runner.pipeline.model import Job, Out
from runner.secret import Secret
from runner.service.ci.item import CiItem
from runner.service.engine import Engine
from runner.service.journal import TOO_SHORT, Journal, encoded
from runner.service.ports import Grant, RoleUse
from runner.service.threads import finished
from runner.service.tool_logins import ToolLogins, refuse_missing
from runner.store.rows import BuildRow
from runner.workspace import git_logins
from runner.workspace.ci import CiWork
from runner.workspace.dependency import Dependency, Identity
from runner.workspace.directory import BuildDirectory
from runner.workspace.documents import expand_placeholders
from runner.workspace.repository import is_clone
from runner.workspace.tools.setting_up import ToolSetUp, config_with, tools_of, with_tools
from runner.workspace.variables import JobVariables, Variable, unusable
from runner.workspace.versions import Version

CONFIG_FILE = "secrets/aws_config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A build that can start. `before` are the versions its dependencies had, placeholders not replaced."""

    variables: JobVariables
    before: Mapping[str, Version | None]
    grant: Grant
    ci: CiWork | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The inputs and outputs of a build as they are stored, its own integrations, and the variables, in whose
    dependencies the placeholders are replaced."""

    dependencies: tuple[Dependency, ...]
    integrations: tuple[ResolvedIntegration, ...]
    variables: JobVariables


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Prepares one build; each stage is a group of its log.

    `renewed` gets secrets that come while the build runs, `warn` sentences about its credentials."""

    engine: Engine
    job: Job
    row: BuildRow
    journal: Journal
    directory: BuildDirectory
    renewed: Callable[[Sequence[Secret]], None]
    warn: Callable[[str], None]
    ci: CiItem | None = None

    async def run(self) -> Prepared:
        """Raises SetupError; then nothing of the build is left but its log."""
        resolved = await self.resolve()
        variables, integrations = resolved.variables, resolved.integrations
        tools = tools_of(self.job.name, variables.dependencies, str(self.directory.root))
        refuse_missing(tools, self.engine.host.base.get("PATH"))
        self.journal.mask(tools.secrets)
        variables = replace(variables, desk=self._desk(resolved))
        grant = await self._grant(roles_of(variables.dependencies, integrations))
        try:
            with self.journal.section("Build directory") as section, section.step("Make the build directory"):
                variables = with_tools(variables, tools, grant.variables)
                await self._fill(variables, config_with(grant.config, tools.aws_region), tools)
                for variable in unusable(variables.shared()):
                    section.warn(f"{variable.source}: '{variable.name}' is no name for a variable; it was left out")
            await self._log_in(tools, variables)
            await self._clone(variables.dependencies)
            work = await self.ci.prepare(self.directory.root, self.row, self.journal) if self.ci else None
            if self.engine.host_hooks is not None:
                await self.engine.host_hooks.before(self.engine.hooked(self.row, self.directory.root), self.journal)
        except BaseException:
            grant.close()
            raise
        before = {d.name: d.version for d in resolved.dependencies if isinstance(d.step, Out)}
        return Prepared(variables=variables, before=before, grant=grant, ci=work)

    async def resolve(self) -> Resolved:
        """What the build gets. Raises SetupError, GitError."""
        with self.journal.section("Setup") as section, section.step("Resolve inputs and integrations"):
            dependencies = await self.engine.persist(lambda: self.engine.inputs.of(self.job, self.row))
            integrations = await self.engine.inputs.integrations_of(self.job)
            opened = self.engine.inputs.variables_of(self.job)
            self.journal.mask(self.engine.inputs.secrets)
            variables = await self._variables(dependencies, integrations, opened)
            if any(map(is_clone, dependencies)):
                dependencies = await self._settled(variables)
            if short := too_short_of(dependencies, integrations, opened):
                section.warn(TOO_SHORT + ", ".join(short))
            for dependency in dependencies:
                section.note(describe(dependency))
        # Placeholders are replaced before credentials are asked for: a region may hold one.
        variables = expand_placeholders(replace(variables, dependencies=dependencies))
        return Resolved(dependencies, tuple(integrations), variables)

    def _desk(self, resolved: Resolved) -> Sequence[Variable]:
        """Where the build has something told, if an integration of it is kept back."""
        reached = (*(d.integration for d in resolved.dependencies), *resolved.integrations)
        desk = self.engine.desk
        if desk is None or not any(is_kept_back(each) for each in reached if each is not None):
            return ()
        self.journal.mask([desk.secret_of(self.row.id)])
        return desk.variables(self.row.id)

    async def _grant(self, roles: Sequence[RoleUse]) -> Grant:
        with self.journal.section("AWS credentials", shown=bool(roles)) as section:
            grant = await self.engine.persist(
                lambda: self.engine.credentials.grant(
                    self.row,
                    roles,
                    config_file=self.directory.root / CONFIG_FILE,
                    renewed=self.renewed,
                    warn=self.warn,
                )
            )
            if self.journal.mask(grant.secrets):
                section.warn(f"{TOO_SHORT}a secret of the AWS credentials")
            for text in grant.notes:
                section.note(text)
            for text in (*(use.conflict for use in roles if use.conflict), *grant.warnings):
                section.warn(text)
        return grant

    async def _log_in(self, tools: ToolSetUp, variables: JobVariables) -> None:
        """What the tools of `cliConfig` inputs need beside their files."""
        if not tools.tools and not tools.warnings:
            return
        with self.journal.section("Command line tools") as section:
            given = {variable.name: variable.value for variable in (*variables.tools, *variables.aws)}
            environment = {**self.engine.host.base, **given}
            logins = ToolLogins(tools=tools, directory=self.directory, environment=environment)
            self.journal.mask(await logins.run())
            for tool in tools.tools:
                names = ", ".join(names[0] for names in tool.part.commands)
                section.note(f"IN {tool.use.dependency.name}: {names} set up for this build")
            for text in tools.warnings:
                section.warn(text)

    async def _clone(self, dependencies: Sequence[Dependency]) -> None:
        if not any(map(is_clone, dependencies)):
            return
        with self.journal.section("Repositories") as section:
            for text in await self.engine.repositories.clone(dependencies, self.directory.root):
                section.note(text)

    async def _variables(
        self,
        dependencies: Sequence[Dependency],
        integrations: Sequence[ResolvedIntegration],
        opened: Mapping[str, Mapping[str, Secret]],
    ) -> JobVariables:
        """All but those of AWS and of the tools, with the placeholders as they are."""
        return JobVariables(
            identity=await self._identity(),
            dependencies=dependencies,
            injected=self.engine.injected,
            integrations=integrations,
            path=self.engine.host.base.get("PATH", ""),
            opened=opened,
        )

    async def _settled(self, variables: JobVariables) -> tuple[Dependency, ...]:
        def expand(dependencies: Sequence[Dependency]) -> Sequence[Dependency]:
            return expand_placeholders(replace(variables, dependencies=dependencies)).dependencies

        watched = self.row.attempt is not None
        return await self.engine.repositories.settle(variables.dependencies, expand, watched=watched)

    async def _identity(self) -> Identity:
        records, triggered_by = self.engine.records, self.row.triggered_by
        return Identity(
            build_id=self.row.id,
            number=self.row.number,
            run_id=self.row.run_id,
            job=self.job.name,
            job_type=self.job.type,
            job_id=await records.node_id(self.job.name),
            root=str(self.directory.root),
            url=self.journal.path.absolute().as_uri(),
            triggered_by=triggered_by,
            triggered_by_id=await records.node_id(triggered_by),
            user=self._user(),
            item=self.row.item or 1,
        )

    def _user(self) -> str:
        """Who started a manual run: whom a service knows, else the user of this process."""
        if self.row.attempt is not None:
            return self.row.requested_by or ""
        return self.engine.host.user if self.row.triggered_by == self.job.name else ""

    async def _fill(self, variables: JobVariables, config: str, tools: ToolSetUp) -> None:
        previous = () if self.engine.reset else await self.engine.records.previous_state(self.job.name)

        def write() -> None:
            self.directory.make()
            self.directory.fill(self.job, variables.identity, variables.dependencies)
            self.directory.add_integrations(variables.integrations)
            self.directory.restore_previous_state(previous)
            self.directory.write(CONFIG_FILE, config, 0o600)
            if logins := variables.git_logins.text():
                self.directory.write(git_logins.FILE, logins, 0o600)
            for path, text in tools.files.items():
                self.directory.write_private(path, text)

        await finished(write)


def roles_of(dependencies: Sequence[Dependency], integrations: Sequence[ResolvedIntegration]) -> tuple[RoleUse, ...]:
    """The AWS IAM integrations that the build reaches, each once, in step order, then the job's own list."""
    reached: dict[str, RoleUse] = {}
    for dependency in dependencies:
        if dependency.integration is not None:
            use = reached.setdefault(dependency.integration.name, RoleUse(dependency.integration))
            region = dependency.bag.get("region")
            if isinstance(region, str) and region:
                named = (f"{dependency.operation} {dependency.name}", region)
                reached[use.integration.name] = replace(use, regions=(*use.regions, named))
    for integration in integrations:
        reached.setdefault(integration.name, RoleUse(integration))
    return tuple(use for use in reached.values() if use.integration.type.master_name in TYPES)


def too_short_of(
    dependencies: Sequence[Dependency],
    integrations: Sequence[ResolvedIntegration],
    opened: Mapping[str, Mapping[str, Secret]],
) -> tuple[str, ...]:
    """Which secrets of the build's inputs, integrations and TASKs cannot be hidden: each once, by where it is."""
    reached = (*(d.integration for d in dependencies if d.integration is not None), *integrations)
    found = (
        *((f"'{field}' of integration {each.name}", s) for each in reached for field, s in each.secrets_by_field()),
        *((f"'{name}' of params {d.name}", secret) for d in dependencies for name, secret in d.opened.items()),
        *((f"'{name}' of a TASK", secret) for variables in opened.values() for name, secret in variables.items()),
    )
    return tuple(dict.fromkeys(place for place, secret in found if too_short(encoded(secret))))


def describe(dependency: Dependency) -> str:
    """One line about an input or output for the log."""
    version = dependency.version
    told = f"version {version.number}{f' ({version.name})' if version.name else ''}" if version else "no version yet"
    return f"{dependency.operation} {dependency.name} ({dependency.type}): {told}"
