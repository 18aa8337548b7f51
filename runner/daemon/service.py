"""The composition root of the service: everything that `runner serve` runs, put together and taken apart again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from runner.assembly import service_engine
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId
from runner.errors import RunnerError, StoreError, UsageError
from runner.pipeline.model import Pipeline
from runner.service.building import Building
from runner.service.decisions import Decisions
from runner.service.engines import Engines
from runner.service.graphing import graph_of
from runner.service.orders import Orders
from runner.service.pipeline_files import DirectoryFiles
from runner.service.pipelines import PipelineFiles, Pipelines
from runner.service.project import Project
from runner.service.questions import Questions
from runner.service.settings import PipelineSource, Settings
from runner.service.ticking import Ticking
from runner.service.watching import Watching
from runner.store import pipelines as stored
from runner.store.locks import try_acquire
from runner.store.store import Store

log = structlog.get_logger("runner.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that is open. `run` lives until it is told to end."""

    settings: Settings
    store: Store
    decisions: Decisions
    questions: Questions
    orders: Orders
    pipelines: Pipelines
    building: Building
    dispatch: Local
    watching: Watching
    ticking: Ticking

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Serve until `stop` is set: then nothing more is begun, and what runs is left to its supervisors."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._serve(), name="dispatch"),
                group.create_task(self.watching.run(), name="pipelines"),
                group.create_task(self.ticking.run(), name="clock"),
            ]
            ready()
            await stop.wait()
            self.dispatch.hold()
            for task in tasks:
                task.cancel()

    async def _serve(self) -> None:
        slots = sum(self.settings.pools.values())
        await self.dispatch.serve(
            tuple(self.settings.pools), slots, self.building.run, worker=WORKER, report=_report
        )


WORKER = "service"
"""The name under which this host's service claims builds: the same after every restart."""


async def open_service(stack: AsyncExitStack, settings: Settings) -> Service:
    """Open everything that a service needs; `stack` closes it. Raises StoreError, UsageError."""
    directory = state_directory(settings.state_dir)
    stack.callback(os.close, _lock(directory))
    store = Store(directory)
    await store.open()
    stack.push_async_callback(store.close)
    dispatch = Local(store.database, directory / "dispatch")
    decisions = Decisions(store, dispatch, _told)
    make = await service_engine(stack, store, settings)
    engines = Engines(store=store, make=make, integrations_file=settings.integrations)
    building = Building(store, decisions, engines, dispatch)
    questions = Questions(decisions)
    files = {name: _files(source) for name, source in settings.pipelines.items()}
    pipelines = Pipelines(store, decisions, engines, files, tuple(settings.pools))
    await _go_on(store, decisions, engines, pipelines, settings)
    ticking = Ticking(decisions, engines)
    intervals = {name: source.poll for name, source in settings.pipelines.items()}
    return Service(
        settings=settings,
        store=store,
        decisions=decisions,
        questions=questions,
        orders=Orders(decisions, questions, building, engines),
        pipelines=pipelines,
        building=building,
        dispatch=dispatch,
        watching=Watching(pipelines, intervals, ticking.look_again),
        ticking=ticking,
    )


async def _go_on(
    store: Store, decisions: Decisions, engines: Engines, pipelines: Pipelines, settings: Settings
) -> None:
    """Go on with the pipelines as they were applied last."""
    project = await pipelines.open()
    graph = await store.read(stored.newest_graph)
    if graph is not None:
        engines.apply(graph, project)
    await decisions.open(graph_of(engines.current, tuple(settings.pools)), settings.pools)
    await pipelines.forget()


def state_directory(path: Path) -> Path:
    """Make the directory of the service, private but for those who may pass through. Raises StoreError."""
    try:
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        (path / "dispatch").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the state directory {path} cannot be made: {error.strerror}") from error
    return path


def _lock(directory: Path) -> int:
    lock = try_acquire(directory / "service.lock")
    if lock is None:
        raise UsageError(f"another service runs with the state directory {directory}")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _files(source: PipelineSource) -> PipelineFiles:
    if source.path is not None:
        return DirectoryFiles(source.path)
    raise UsageError("pipelines from git are not there yet")
