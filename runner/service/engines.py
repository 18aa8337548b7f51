"""The engines of a service: one for each graph under which a build runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.pipeline.model import Pipeline
from runner.pipeline.reader import SourceFile
from runner.service.engine import Engine, Finish
from runner.service.project import Project, project_of
from runner.store.rows import BuildRow, Source
from runner.store.store import Store


@dataclass(slots=True, kw_only=True)
class Engines:
    """`make` puts an engine together. Builds that another process has started keep the files of their start, whatever
    the files say by now: those engines are made when they are asked for. `keys` is where the private keys are."""

    store: Store
    make: Callable[[Project], Engine]
    integrations_file: Path | None
    keys: Callable[[], Path]
    _current: Project = field(default_factory=lambda: Project(pipeline=Pipeline()))
    _graph: int = 0
    _engines: dict[int, Engine] = field(default_factory=dict)

    @property
    def current(self) -> Project:
        """The project that is applied now."""
        return self._current

    @property
    def engine(self) -> Engine:
        """That of builds which begin now. Only where something was applied."""
        return self._engines[self._graph]

    @property
    def graph(self) -> int:
        """The id of the graph that is applied now; 0 before the first."""
        return self._graph

    def apply(self, graph: int, project: Project) -> None:
        """From now on builds start by this project."""
        self._current, self._graph = project, graph
        self._engines = {graph: self.make(project)}

    async def of(self, build: BuildRow, finish: Finish | None = None) -> Engine:
        """The engine for one build; without `finish` it is for looking only. Raises StoreError."""
        if build.run_id not in self._engines:
            sources = await self.store.runs.sources(build.run_id)
            project = await asyncio.to_thread(project_of, files(sources), self.integrations_file)
            self._engines[build.run_id] = self.make(project)
        engine = self._engines[build.run_id]
        return replace(engine, injected=build.injected, reset=build.reset, finish=finish, heads={})


def files(sources: tuple[Source, ...]) -> list[SourceFile]:
    return [SourceFile(source.path, source.text, source.repository) for source in sources]
