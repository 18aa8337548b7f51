"""A service put together: its parts, and the tasks that keep them going."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from runner.api.listeners import Listeners, open_listeners
from runner.api.routes import ROUTES
from runner.api.server import Api
from runner.daemon.engines import ServiceEngines, service_engines
from runner.daemon.telling import report, told
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId
from runner.errors import StoreError, UsageError
from runner.scheduling.events import Command, PoolsSet
from runner.service.arrivals import Arrivals
from runner.service.building import Building
from runner.service.completing import Completing
from runner.service.copies import Copies
from runner.service.decisions import HOST_POOL, Decisions, Facts
from runner.service.deliveries import Deliveries
from runner.service.engines import Engines
from runner.service.following import Followers
from runner.service.git import Git, Remote
from runner.service.graphing import graph_of
from runner.service.keeping import Keep
from runner.service.metrics import Metrics
from runner.service.orders import Orders
from runner.service.pins import pins_of
from runner.service.pipeline_files import DirectoryFiles, GitFiles
from runner.service.pipelines import PipelineFiles, Pipelines
from runner.service.polling import Polling
from runner.service.questions import Questions
from runner.service.retention import Retention
from runner.service.settings import PipelineSource, Settings
from runner.service.ticking import Ticking
from runner.service.tidying import tidy_all
from runner.service.tokens import Tokens
from runner.service.watching import Watching
from runner.store import pipelines as stored
from runner.store import views
from runner.store.locks import try_acquire
from runner.store.rows import BuildRow
from runner.store.store import Store

WORKER = "service"
"""The name under which this host's service claims builds: the same after every restart."""
SLOTS = 1_000_000
PRIVATE = ("dispatch", "repositories")
"""Directories of the state that no job passes through."""
UNTIDY = 500
"""How many of the newest ends are looked at when a service starts: whether the last one was killed between recording
them and clearing away."""

log = structlog.stdlib.get_logger("runner.service")


@dataclass(slots=True, kw_only=True)
class Service:
    """A service that is open; `run` lives until it is told to end."""

    settings: Settings
    store: Store
    decisions: Decisions
    engines: Engines
    questions: Questions
    orders: Orders
    pipelines: Pipelines
    building: Building
    deliveries: Deliveries
    dispatch: Local
    made: ServiceEngines
    ticking: Ticking
    watching: Watching
    polling: Polling
    retention: Retention
    listeners: Listeners
    tokens: Tokens
    metrics: Metrics
    untidy: Sequence[BuildRow]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until `stopping` is set: then nothing more is begun, and what runs is left to its supervisors. `ready`
        is called when everything has begun."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._dispatch(), name="dispatch"),
                group.create_task(self.watching.run(), name="pipelines"),
                group.create_task(self.ticking.run(), name="clock"),
                group.create_task(self.polling.run(), name="repositories"),
                group.create_task(self.made.credentials.run(), name="credentials"),
                group.create_task(self._clear_away(), name="retention"),
                group.create_task(Api(self, self.listeners, ROUTES).run(), name="api"),
            ]
            ready()
            await self.stopping.wait()
            self.dispatch.hold()
            for task in tasks:
                task.cancel()

    async def take_over(self, settings: Settings) -> None:
        """Go on with these settings. Raises UsageError, StoreError."""
        self.made.take_over(settings)
        self.settings = settings
        self.engines.integrations_file = settings.integrations
        self.pipelines.watched, self.pipelines.pools = pipeline_files(settings), settings.pools
        await self.decisions.decide(lambda tx, rules: Facts(None, [PoolsSet(settings.pools)]))
        await self.pipelines.apply_again()
        self.ticking.look_again()
        self.polling.look_again()
        self.watching.replace(_intervals(settings))
        self.retention.look_now()

    async def _clear_away(self) -> None:
        """What the last service left is tidied before any of it may go."""
        await tidy_all(self.store, self.untidy, _not_tidied)
        await self.retention.run()

    async def _dispatch(self) -> None:
        """How much runs at once is decided by the rules: what they give out is claimed at once."""
        await self.dispatch.serve([HOST_POOL], SLOTS, self.building.run, worker=WORKER, report=self._report)

    def _report(self, error: Exception, attempt: AttemptId | None) -> None:
        self.metrics.queue_failures.inc()
        report(error, attempt)


async def open_service(
    stack: AsyncExitStack, settings: Settings, handed_over: Mapping[str, tuple[socket.socket, ...]]
) -> Service:
    """Open everything that a service needs and go on with what it was doing; `stack` closes it. `handed_over` are
    sockets that systemd keeps open. Raises StoreError, UsageError."""
    directory = _state_directory(settings.state_dir)
    stack.callback(os.close, _lock(directory))
    store = Store(directory)
    await store.open()
    stack.push_async_callback(store.close)
    dispatch = Local(store.database, directory / "dispatch")
    metrics = Metrics()
    decisions = Decisions(store, dispatch, _each(told, metrics.decided))
    listening = next(iter(handed_over.get("credentials", ())), None)
    made = await service_engines(stack, store, settings, lambda: engines.current, listening, metrics.role_assumed)
    engines = Engines(store=store, make=made.make, integrations_file=settings.integrations)
    users = len(made.job_users.users) if made.job_users is not None else None
    building = Building(store, decisions, engines, dispatch, metrics, users=users)
    pipelines = Pipelines(store, decisions, engines, pipeline_files(settings), settings.pools)
    await _go_on(store, decisions, engines, pipelines, settings)
    questions = Questions(decisions)
    ticking = Ticking(decisions, engines)
    orders = Orders(decisions, questions, building, engines)
    followers, arrivals = Followers(decisions, engines), Arrivals(decisions)
    copies = Copies(Git(environment=os.environ), directory / "copies")
    polling = Polling(engines, followers, arrivals, copies, lambda: made.settings.repositories.poll)

    def applied() -> None:
        ticking.look_again()
        polling.look_again()

    watching = Watching(pipelines, _intervals(settings), applied)
    completing = Completing(followers, copies)
    listeners = open_listeners(settings.server, handed_over.get("api", ()))
    stack.callback(listeners.close)
    tokens = Tokens(store)
    await tokens.open()
    return Service(
        settings=settings,
        store=store,
        decisions=decisions,
        engines=engines,
        questions=questions,
        orders=orders,
        pipelines=pipelines,
        building=building,
        deliveries=Deliveries(lambda: made.settings, engines, orders, watching, arrivals, completing),
        dispatch=dispatch,
        made=made,
        untidy=await store.read(lambda tx: views.ended_last(tx, UNTIDY)),
        ticking=ticking,
        watching=watching,
        polling=polling,
        retention=Retention(
            store,
            keep=lambda: _keep(made.settings),
            pins=lambda: pins_of(engines.current.pipeline),
            busy=lambda: building.running,
        ),
        listeners=listeners,
        tokens=tokens,
        metrics=metrics,
    )


def _each(*hearing: Callable[[Command], None]) -> Callable[[Command], None]:
    def tell(command: Command) -> None:
        for hears in hearing:
            hears(command)

    return tell


async def _go_on(
    store: Store, decisions: Decisions, engines: Engines, pipelines: Pipelines, settings: Settings
) -> None:
    """Go on with the pipelines as they were applied last; those that the settings do not name any more are removed."""
    project = await pipelines.open()
    graph = await store.read(stored.newest_graph)
    if graph is not None:
        engines.apply(graph, project)
    await decisions.open(graph_of(project, settings.pools), settings.pools)
    await pipelines.forget()


def _not_tidied(text: str) -> None:
    log.warning("build.not_tidied", error=text)


def _state_directory(path: Path) -> Path:
    try:
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        for name in PRIVATE:
            (path / name).mkdir(mode=0o700, exist_ok=True)
            (path / name).chmod(0o700)
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


def pipeline_files(settings: Settings) -> dict[str, PipelineFiles]:
    """Where the files of each pipeline come from."""
    return {name: _files(name, source, settings) for name, source in settings.pipelines.items()}


def _keep(settings: Settings) -> Keep:
    limits = settings.retention
    return Keep(age=limits.age, builds=limits.builds, size=limits.size)


def _intervals(settings: Settings) -> dict[str, timedelta]:
    return {name: source.poll for name, source in settings.pipelines.items()}


def _files(name: str, source: PipelineSource, settings: Settings) -> PipelineFiles:
    if source.git is None:
        return DirectoryFiles(source.path or Path())
    return GitFiles(
        name=name,
        git=Git(environment=os.environ),
        directory=settings.state_dir / "repositories" / name,
        remote=Remote.of(source.git),
        branch=source.branch,
    )
