"""The `gitRepo` inputs of a build: the commit that each one is at, and its clone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from runner.errors import SetupError
from runner.integrations.model import ResolvedIntegration
from runner.pipeline.model import Resource, Syntax
from runner.pipeline.problems import Place
from runner.service.checkout import Checkout
from runner.service.cloning import Clone, Wanted
from runner.service.git import Git, Remote
from runner.service.own_repository import Origin, own_repository
from runner.service.refs import first_head, read_refs
from runner.service.remotes import known_url, remote_of
from runner.triggers.addresses import full_name
from runner.triggers.git_events import GitEvent, Repository
from runner.triggers.git_repo import GitRepo
from runner.triggers.git_version import version_of
from runner.workspace.dependency import Dependency
from runner.workspace.placeholders import PLACEHOLDER
from runner.workspace.repository import GIT_REPO, SYNC_REPO, is_clone, key_path
from runner.workspace.versions import Version

Expand: TypeAlias = Callable[[Sequence[Dependency]], Sequence[Dependency]]


@dataclass(frozen=True, slots=True)
class Repositories:
    """`heads` are the commits that a local run, or one build of a service, has settled on: in it all see the same.
    `origin` tells for a syncRepo where its file came from."""

    git: Git
    heads: dict[str, GitEvent] = field(default_factory=dict)
    origin: Origin = lambda name: None

    async def settle(
        self, dependencies: Sequence[Dependency], expand: Expand, *, watched: bool
    ) -> tuple[Dependency, ...]:
        """The same dependencies, each gitRepo input at a commit. A version without one stands for the newest commit of
        its first branch, unless a service watches the repository (`watched`): there an event makes the first version.
        `expand` replaces the placeholders: they may stand in the name of a repository or branch, and such a one nobody
        watches.

        Raises SetupError, GitError."""
        settled = list(dependencies)
        for position, dependency in enumerate(dependencies):
            version = dependency.version
            if is_clone(dependency) and version is not None and Wanted.of(version.property_bag) is None:
                if watched and dependency.type == GIT_REPO and not of_the_job(options_of(dependency)):
                    raise SetupError(_without_commit(dependency))
                head = await self._head(expand(settled)[position])
                settled[position] = replace(dependency, version=_at(version, head))
        return tuple(settled)

    async def clone(self, dependencies: Sequence[Dependency], root: Path) -> list[str]:
        """Fill `IN/<name>/gitRepo` of each, and say of each what is there. Raises SetupError, GitError."""
        told = []
        for dependency in filter(is_clone, dependencies):
            target = root / "IN" / dependency.name / dependency.type
            told.append(
                f"IN {dependency.name}: {await self.bring(dependency, target, root / key_path(dependency.name))}"
            )
        return told

    async def bring(self, dependency: Dependency, target: Path, key_file: Path | None = None) -> str:
        """Clone one into an empty directory, and say what is there. `key_file` is where git finds the key of its
        integration afterwards, for scripts. Raises SetupError, GitError."""
        wanted = Wanted.of(dependency.bag)
        if wanted is None:
            raise SetupError(_without_commit(dependency))
        clone = Clone(
            git=self.git,
            name=dependency.name,
            remote=await self._remote(dependency),
            target=target,
            options=options_of(dependency),
            key_file=key_file,
        )
        await clone.run(wanted)
        return f"{clone.remote} at {wanted.told}"

    async def _head(self, dependency: Dependency) -> GitEvent:
        """The newest commit of its first branch, the same one for all builds of a run."""
        remote, options = await self._remote(dependency), options_of(dependency)
        key = f"{remote.url} {options.branch} {options.branches}"
        if key not in self.heads:
            repository = repository_of(options.source or str(remote), remote, dependency.integration)
            event = await first_event(self.git, remote, options, repository)
            if event is None:
                raise SetupError(f"{dependency.name}: its branches take neither the default one of {remote} nor master")
            self.heads.setdefault(key, event)
        return self.heads[key]

    async def _remote(self, dependency: Dependency) -> Remote:
        if dependency.type == SYNC_REPO:
            return await own_repository(self.git, dependency.name, self.origin(dependency.name))
        facts = dependency.bag.get("normalizedRepo")
        url = known_url(facts) if isinstance(facts, dict) else ""
        return remote_of(options_of(dependency).source, dependency.integration, url)


async def first_event(git: Git, remote: Remote, options: GitRepo, repository: Repository) -> GitEvent | None:
    """What the first version of a resource is made of: the newest commit, as a push would have told it. None where the
    resource takes no branch that the repository begins with. Raises GitError."""
    found = first_head(options, await read_refs(git, remote), remote)
    if found is None:
        return None
    with tempfile.TemporaryDirectory(prefix="repository-") as directory:
        checkout = Checkout(git=git, directory=Path(directory), remote=remote, branch=found.branch)
        return await checkout.commit_facts(await checkout.fetch(), repository)


def of_the_job(options: GitRepo) -> bool:
    """Whether only a job can tell what is meant: the name of the repository or of its branch holds a placeholder."""
    return any(map(PLACEHOLDER.search, (options.source, options.branch or "")))


def options_of(dependency: Dependency) -> GitRepo:
    """The options as this version has them, placeholders replaced."""
    return GitRepo.of(
        Resource(
            name=dependency.name,
            type=dependency.type,
            place=Place(""),
            syntax=Syntax.NONE,
            property_bag=dependency.bag,
        )
    )


def repository_of(source: str, remote: Remote, integration: ResolvedIntegration | None) -> Repository:
    """The repository of a polled commit. Where its integration says who the provider is, that is told."""
    web = remote.url.startswith("https://")
    return Repository(
        provider=integration.type.master_name if integration is not None else "git",
        full_name=full_name(source),
        https_url=remote.url if web else "",
        ssh_url="" if web else remote.url,
    )


def _at(version: Version, event: GitEvent) -> Version:
    name, bag = version_of(event, version.property_bag)
    return replace(version, name=name, property_bag=bag)


def _without_commit(dependency: Dependency) -> str:
    return f"{dependency.name}: create a version first (push or webhook)"
