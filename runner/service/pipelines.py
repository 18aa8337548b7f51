"""The pipelines that a service watches: their files are read, checked together and applied, or refused whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from runner.errors import NotFoundError, RunnerError
from runner.pipeline.codes import Code
from runner.pipeline.files import Found
from runner.pipeline.model import Job, Resource
from runner.pipeline.problems import Problem, Severity
from runner.scheduling.events import Event, Synced, VersionMade
from runner.scheduling.rules import Rules
from runner.service.changes import changes
from runner.service.decisions import Decided, Decisions, Facts
from runner.service.engines import Engines, files
from runner.service.graphing import DEFAULT_POOL, graph_of
from runner.service.plan import digest
from runner.service.project import Project, project_of
from runner.service.selection import rules_again
from runner.store import pipelines as stored
from runner.store.pipelines import Applied
from runner.store.rows import Source
from runner.store.sqlite import Transaction
from runner.store.store import Store

TRIGGER = "trigger"
"""The one type of resource whose change in a file starts jobs."""

log = structlog.stdlib.get_logger("runner.pipelines")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The files of a pipeline as they are now; `revision` is a commit, or a digest."""

    revision: str
    found: Found


class PipelineFiles(Protocol):
    """Where the files of a pipeline come from."""

    @property
    def told(self) -> str:
        """In words, for people."""

    async def fetch(self) -> Fetched:
        """Read them. Raises RunnerError where they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What came of reading the files of a pipeline. `applied`: a new graph is in force."""

    pipeline: str
    applied: bool
    refused: bool
    revision: str | None
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """What is to be applied of one pipeline; `good` are the files of all pipelines then."""

    name: str
    source: str
    revision: str
    digest: str
    good: Mapping[str, Sequence[Source]]
    project: Project


class _RefusedError(Exception):
    """The files are refused by what the store knows."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = problems


class Pipelines:
    """`sync` reads one pipeline again. All pipelines share one namespace and one graph; the files of one that are
    refused leave the last good ones in force."""

    def __init__(
        self,
        store: Store,
        decisions: Decisions,
        engines: Engines,
        watched: Mapping[str, PipelineFiles],
        pools: Collection[str],
    ) -> None:
        self.watched = watched
        self.pools = pools
        self._store = store
        self._decisions = decisions
        self._engines = engines
        self._good: dict[str, list[Source]] = {}
        self._digests: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> Project:
        """The project as it was applied last. Raises StoreError."""
        self._good = await self._store.read(stored.sources)
        project = await asyncio.to_thread(self._project, self._good)
        self._digests = {
            name: _digest(sources, self._engines.integrations_file) for name, sources in self._good.items()
        }
        return project

    async def apply_again(self) -> None:
        """Let what was applied last be in force under new settings; pipelines that are watched no more are removed.
        Raises StoreError."""
        await self.forget()
        async with self._one_at_a_time:
            if not self._engines.graph:
                return
            project = await asyncio.to_thread(self._project, self._good)
            graph = graph_of(project, self.pools)
            await self._decisions.decide(
                lambda tx, rules: Facts(None, [Synced(graph)]),
                lambda decided: self._engines.apply(self._engines.graph, project),
            )

    async def sync(self, name: str) -> SyncResult:
        """Read the files of a pipeline and apply them if they are new and good. Raises NotFoundError for an unknown
        name, StoreError; files that cannot be had are a refusal."""
        if name not in self.watched:
            raise NotFoundError(f"there is no pipeline {name}: the settings have {', '.join(self.watched) or 'none'}")
        async with self._one_at_a_time:
            watched = self.watched[name]  # new settings may drop it while it is read
            try:
                fetched = await watched.fetch()
            except (RunnerError, OSError) as error:
                return await self._refuse(name, watched, None, [str(error)])
            return await self._sync(name, watched, fetched)

    async def forget(self) -> None:
        """Remove the pipelines that are watched no more. Raises StoreError."""
        async with self._one_at_a_time:
            for name in [name for name in self._good if name not in self.watched]:
                good = {other: sources for other, sources in self._good.items() if other != name}
                project = await asyncio.to_thread(self._project, good)
                await self._apply_removal(name, good, project)

    async def _sync(self, name: str, watched: PipelineFiles, fetched: Fetched) -> SyncResult:
        new = [Source(file.name, name, file.text) for file in fetched.found.files]
        good = {**self._good, name: new}
        project = await asyncio.to_thread(self._project, good, fetched.found.problems)
        problems = _told(project, self.pools)
        if project.refused:
            return await self._refuse(name, watched, fetched.revision, problems)
        new_digest = await asyncio.to_thread(_digest, new, self._engines.integrations_file)
        if self._digests.get(name) == new_digest:
            await self._store.transaction(lambda tx: stored.look(tx, name, watched.told, problems, refused=False))
            return SyncResult(pipeline=name, applied=False, refused=False, revision=fetched.revision)
        try:
            return await self._apply(
                _New(
                    name=name,
                    source=watched.told,
                    revision=fetched.revision,
                    digest=new_digest,
                    good=good,
                    project=project,
                )
            )
        except _RefusedError as refused:
            return await self._refuse(name, watched, fetched.revision, [str(problem) for problem in refused.problems])

    async def _apply(self, new: _New) -> SyncResult:
        project, told = new.project, changes(self._engines.current.pipeline, new.project.pipeline)
        problems = _told(project, self.pools)
        items = _items(project, {source.path for source in new.good[new.name]})
        graph = graph_of(project, self.pools)

        def change(tx: Transaction, rules: Rules) -> Facts[Applied]:
            if others := stored.other_types(tx, items):
                raise _RefusedError([_type_changed(item, type_) for item, type_ in others])
            applied = stored.apply(
                tx,
                new.name,
                items,
                digest=digest(project, rules_again(project, ())),
                revision=new.revision,
                source=new.source,
                files=new.good[new.name],
                graph_files=[source for sources in new.good.values() for source in sources],
                problems=problems,
                changes=told,
            )
            return Facts(applied, [Synced(graph), *_triggered(project, applied)])

        def then(decided: Decided[Applied]) -> None:
            self._good = {other: list(sources) for other, sources in new.good.items()}
            self._digests[new.name] = new.digest
            self._engines.apply(decided.value.graph, project)

        await self._decisions.decide(change, then)
        log.info("pipeline.applied", pipeline=new.name, revision=new.revision, changes=told, problems=problems)
        return SyncResult(
            pipeline=new.name,
            applied=True,
            refused=False,
            revision=new.revision,
            changes=told,
            problems=tuple(problems),
        )

    async def _apply_removal(self, name: str, good: Mapping[str, list[Source]], project: Project) -> None:
        graph = graph_of(project, self.pools)
        graph_files = [source for sources in good.values() for source in sources]

        def change(tx: Transaction, rules: Rules) -> Facts[Applied]:
            removed = stored.remove(tx, name, digest=digest(project, rules_again(project, ())), graph_files=graph_files)
            return Facts(removed, [Synced(graph)])

        def then(decided: Decided[Applied]) -> None:
            self._good = dict(good)
            self._digests.pop(name, None)
            self._engines.apply(decided.value.graph, project)

        await self._decisions.decide(change, then)
        log.info("pipeline.removed", pipeline=name)

    async def _refuse(
        self, name: str, watched: PipelineFiles, revision: str | None, problems: Sequence[str]
    ) -> SyncResult:
        await self._store.transaction(lambda tx: stored.look(tx, name, watched.told, problems, refused=True))
        log.warning("pipeline.refused", pipeline=name, revision=revision, problems=problems)
        return SyncResult(pipeline=name, applied=False, refused=True, revision=revision, problems=tuple(problems))

    def _project(self, good: Mapping[str, Sequence[Source]], unreadable: Sequence[Problem] = ()) -> Project:
        sources = tuple(source for of_pipeline in good.values() for source in of_pipeline)
        return project_of(files(sources), self._engines.integrations_file, unreadable)


def _digest(sources: Sequence[Source], integrations: Path | None) -> str:
    """Of everything that decides what is applied: the files, and the integrations that they may name."""
    text = repr([(source.path, source.text) for source in sources])
    found = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    with suppress(OSError):  # what cannot be read is told by whoever reads the integrations
        found.update(integrations.read_bytes() if integrations is not None else b"")
    return found.hexdigest()


def _told(project: Project, pools: Collection[str]) -> list[str]:
    """The problems in sentences, with what only a service can know, without what is true of a local run only."""
    unknown: dict[str, list[str]] = {}
    for job in project.pipeline.jobs.values():
        if (pool := job.runtime.node_pool) is not None and pool not in pools:
            unknown.setdefault(pool, []).append(job.name)
    return [
        *(str(problem) for problem in project.problems if not problem.of_local_run),
        *(
            f"warning: nodePool {pool} is no pool of this host, so these jobs run in the pool {DEFAULT_POOL}: "
            f"{', '.join(jobs)}"
            for pool, jobs in unknown.items()
        ),
    ]


def _items(project: Project, paths: set[str]) -> list[Job | Resource]:
    """The jobs and resources that these files define."""
    every: list[Job | Resource] = [*project.pipeline.jobs.values(), *project.pipeline.resources.values()]
    return [item for item in every if item.place.file in paths]


def _type_changed(item: Job | Resource, before: str) -> Problem:
    return Problem(
        code=Code.TYPE_CHANGED,
        place=item.place,
        severity=Severity.ERROR,
        subject=f"'{item.name}'",
        message=f"was a {before} before and cannot become a {item.type}",
        hint=f"give it another name, or remove it from the file and call: runner purge {item.name}",
    )


def _triggered(project: Project, applied: Applied) -> list[Event]:
    resources = project.pipeline.resources
    return [VersionMade(name) for name in sorted(applied.changed) if resources[name].type == TRIGGER]
