"""What `gitRepo` resources follow: where the repository is, and whose branches and tags are for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.errors import RunnerError
from runner.pipeline.model import Resource
from runner.pipeline.plain import plain
from runner.service.cloning import Wanted
from runner.service.decisions import Decisions
from runner.service.engines import Engines
from runner.service.git import Remote
from runner.service.inputs import Inputs
from runner.service.refs import Refs
from runner.service.remotes import known_url, remote_of
from runner.service.repositories import of_the_job, repository_of
from runner.store import tips
from runner.store.tips import Followed
from runner.triggers.git_events import EventKind, GitEvent, Repository
from runner.triggers.git_repo import GitRepo
from runner.triggers.git_version import version_of
from runner.workspace.repository import GIT_REPO
from runner.workspace.versions import NewVersion

HEADS, TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A resource, how its repository is reached, and what was recorded before the repository was asked."""

    resource: Resource
    options: GitRepo
    remote: Remote
    repository: Repository
    recorded: Followed

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def url(self) -> str:
        """Of the repository, without a password: by it a change of the file is known."""
        return str(self.remote)

    @property
    def filter(self) -> str:
        """Which refs are for it, as text."""
        options = self.options
        return repr((options.on_commit, options.branch, str(options.branches), options.on_tag, str(options.tags)))

    def wanted(self, refs: Refs) -> dict[str, str]:
        """The refs that are for it, with their commits."""
        return {ref: sha for ref, sha in _all(refs) if takes(self.options, ref)}


class Followers:
    """Finds them in the pipelines that are applied now."""

    def __init__(self, decisions: Decisions, engines: Engines) -> None:
        self._decisions = decisions
        self._engines = engines

    async def find(self, *, only_new: bool) -> tuple[list[Follower], dict[str, str]]:
        """Every one, and of those whose repository cannot be told the sentence why. `only_new`: those that have no
        commit yet. Raises StoreError."""
        resources = [r for r in self._engines.current.pipeline.resources.values() if _is_followed(r)]
        recorded = await self._decisions.look(lambda tx, rules: {r.name: tips.followed(tx, r.name) for r in resources})
        inputs = self._inputs()
        found: list[Follower] = []
        problems: dict[str, str] = {}
        for resource in resources:
            if only_new and has_commit(recorded[resource.name]):
                continue
            try:
                found.append(await _follower(resource, recorded[resource.name], inputs))
            except RunnerError as error:
                problems[resource.name] = str(error)
        return found, problems

    async def of(self, resource: Resource) -> Follower:
        """Raises RunnerError where its repository cannot be told, StoreError."""
        recorded = await self._decisions.look(lambda tx, rules: tips.followed(tx, resource.name))
        return await _follower(resource, recorded, self._inputs())

    def _inputs(self) -> Inputs:
        """A login may be renewed where it is kept: each look resolves it anew, once."""
        project = self._engines.current
        return Inputs(project.pipeline, project.integrations, self._engines.store, self._engines.keys())


def _is_followed(resource: Resource) -> bool:
    return resource.type == GIT_REPO and not of_the_job(GitRepo.of(resource))


def takes(options: GitRepo, ref: str) -> bool:
    """Whether new commits of a branch, or a tag, are for a resource."""
    if ref.startswith(HEADS):
        return options.on_commit and options.takes_branch(ref.removeprefix(HEADS))
    return options.on_tag and options.tags.take(ref.removeprefix(TAGS))


def ref_of(event: GitEvent) -> str | None:
    """The branch or tag that an event has moved; None for what moves none."""
    match event.kind:
        case EventKind.COMMIT:
            return f"{HEADS}{event.branch}"
        case EventKind.TAG:
            return f"{TAGS}{event.tag}"
        case _:
            return None


def has_commit(recorded: Followed) -> bool:
    """Whether the newest version of a resource stands for a commit."""
    return Wanted.of(dict(recorded.bag)) is not None


def new_version(resource: Resource, event: GitEvent) -> NewVersion:
    """The version of a resource that an event makes."""
    name, bag = version_of(event, plain(resource.property_bag))
    return NewVersion(node=resource.name, name=name, property_bag=bag)


async def _follower(resource: Resource, recorded: Followed, inputs: Inputs) -> Follower:
    named, options = resource.integration, GitRepo.of(resource)
    integration = None if named is None else await inputs.resolved(named.name)
    facts = recorded.bag.get("normalizedRepo")
    remote = remote_of(options.source, integration, known_url(facts) if isinstance(facts, Mapping) else "")
    return Follower(
        resource=resource,
        options=options,
        remote=remote,
        repository=repository_of(options.source, remote, integration),
        recorded=recorded,
    )


def _all(refs: Refs) -> Iterator[tuple[str, str]]:
    yield from ((f"{HEADS}{name}", sha) for name, sha in refs.branches.items())
    yield from ((f"{TAGS}{name}", sha) for name, sha in refs.tags.items())
