"""The pipelines that a service watches: their files are read, checked together and applied, or refused whole."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from runner.errors import NotFoundError, RunnerError
from runner.pipeline.files import Found
from runner.pipeline.problems import Problem
from runner.scheduling.events import Event, Synced, VersionMade
from runner.scheduling.rules import Rules
from runner.service.candidates import Candidate, GoodFiles, Host, files_digest, type_changed, weigh
from runner.service.decisions import Decided, Decisions, Facts
from runner.service.engines import Engines
from runner.service.project import Project
from runner.store import pipelines as stored
from runner.store.pipelines import Applied, NewFiles, NewGraph
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

    async def fetch(self, *, update_references: bool = False) -> Fetched:
        """Read them; with `update_references`, what templates refer to is taken as it is now. Raises RunnerError where
        they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What came of reading the files of a pipeline. `applied`: a new graph is in force."""

    pipeline: str
    applied: bool
    refused: bool
    revision: str | None
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


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
        self._refused: dict[str, tuple[str | None, ...]] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> Project:
        """The project as it was applied last. Raises StoreError."""
        self._good = await self._store.read(stored.sources)
        self._digests = {name: files_digest(sources, self._host.integrations) for name, sources in self._good.items()}
        return (await self._weigh(self._good)).project

    async def apply_again(self) -> None:
        """Let what was applied last be in force under new settings; pipelines that are watched no more are removed.
        Raises StoreError."""
        await self.forget()
        async with self._one_at_a_time:
            if not self._engines.graph:
                return
            candidate = await self._weigh(self._good)
            await self._decisions.decide(
                lambda tx, rules: Facts(None, [Synced(candidate.graph)]),
                lambda decided: self._engines.apply(self._engines.graph, candidate.project),
            )

    async def sync(self, name: str, *, update_references: bool = False) -> SyncResult:
        """Read the files of a pipeline and apply them if they are new and good. Raises NotFoundError for an unknown
        name, StoreError; files that cannot be had are a refusal."""
        self._watched(name)
        async with self._reading[name]:
            watched = self._watched(name)
            try:
                fetched = await watched.fetch(
                    update_references=update_references
                )  # others are not held up by a slow repository
            except (RunnerError, OSError) as error:
                return await self._refuse(name, watched, None, [str(error)])
            async with self._one_at_a_time:
                return await self._sync(name, self._watched(name), fetched)  # new settings may have dropped it

    async def forget(self) -> None:
        """Remove the pipelines that are watched no more. Raises StoreError."""
        async with self._one_at_a_time:
            for name in [name for name in self._good if name not in self.watched]:
                good = {other: sources for other, sources in self._good.items() if other != name}
                await self._remove(name, await self._weigh(good))

    def _watched(self, name: str) -> PipelineFiles:
        watched = self.watched.get(name)
        if watched is None:
            known = ", ".join(self.watched) or "none"
            raise NotFoundError(f"there is no pipeline {name}: the settings have {known}")
        return watched

    @property
    def _host(self) -> Host:
        return Host(integrations=self._engines.integrations_file, pools=self.pools)

    async def _weigh(self, good: GoodFiles, new: str | None = None, unreadable: Sequence[Problem] = ()) -> Candidate:
        before = self._engines.current.pipeline
        return await asyncio.to_thread(weigh, good, new, unreadable, self._host, before)

    async def _sync(self, name: str, watched: PipelineFiles, fetched: Fetched) -> SyncResult:
        new = [Source(file.name, name, file.text) for file in fetched.found.files]
        candidate = await self._weigh({**self._good, name: new}, name, fetched.found.problems)
        if candidate.project.refused:
            return await self._refuse(name, watched, fetched.revision, candidate.told)
        self._refused.pop(name, None)
        if self._digests.get(name) == candidate.files:
            await self._store.transaction(lambda tx: stored.look(tx, name, watched.told, candidate.told, refused=False))
            return SyncResult(pipeline=name, applied=False, refused=False, revision=fetched.revision)
        try:
            return await self._apply(name, watched.told, fetched.revision, candidate)
        except _RefusedError as refused:
            return await self._refuse(name, watched, fetched.revision, [str(problem) for problem in refused.problems])

    async def _apply(self, name: str, source: str, revision: str, candidate: Candidate) -> SyncResult:
        items = candidate.items(name)
        new = NewFiles(
            pipeline=name,
            source=source,
            revision=revision,
            files=candidate.good[name],
            problems=candidate.told,
            changes=candidate.changes,
        )

        def change(tx: Transaction, rules: Rules) -> Facts[Applied]:
            if others := stored.other_types(tx, items):
                raise _RefusedError([type_changed(item, type_) for item, type_ in others])
            applied = stored.apply(tx, new, items, NewGraph(digest=candidate.plan, files=candidate.sources))
            return Facts(applied, [Synced(candidate.graph), *_triggered(candidate.project, applied)])

        def then(decided: Decided[Applied]) -> None:
            self._good = {other: list(sources) for other, sources in candidate.good.items()}
            self._digests[name] = candidate.files
            self._engines.apply(decided.value.graph, candidate.project)

        await self._decisions.decide(change, then)
        log.info(
            "pipeline.applied", pipeline=name, revision=revision, changes=candidate.changes, problems=candidate.told
        )
        return SyncResult(
            pipeline=name,
            applied=True,
            refused=False,
            revision=revision,
            changes=candidate.changes,
            problems=candidate.told,
        )

    async def _remove(self, name: str, candidate: Candidate) -> None:
        def change(tx: Transaction, rules: Rules) -> Facts[Applied]:
            removed = stored.remove(tx, name, NewGraph(digest=candidate.plan, files=candidate.sources))
            return Facts(removed, [Synced(candidate.graph)])

        def then(decided: Decided[Applied]) -> None:
            self._good = {other: list(sources) for other, sources in candidate.good.items()}
            self._digests.pop(name, None)
            self._engines.apply(decided.value.graph, candidate.project)

        await self._decisions.decide(change, then)
        log.info("pipeline.removed", pipeline=name)

    async def _refuse(
        self, name: str, watched: PipelineFiles, revision: str | None, problems: Sequence[str]
    ) -> SyncResult:
        await self._store.transaction(lambda tx: stored.look(tx, name, watched.told, problems, refused=True))
        if self._refused.get(name) != (refused := (revision, *problems)):  # once, not at every look
            self._refused[name] = refused
            log.warning("pipeline.refused", pipeline=name, revision=revision, problems=problems)
        return SyncResult(pipeline=name, applied=False, refused=True, revision=revision, problems=tuple(problems))


def _triggered(project: Project, applied: Applied) -> list[Event]:
    resources = project.pipeline.resources
    return [VersionMade(name) for name in sorted(applied.changed) if resources[name].type == TRIGGER]
