"""Opening a service: its parts are put together, and go on with what the last one was doing."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import structlog

from runner.api.listeners import open_listeners
from runner.daemon.courier import ServiceWatcher, service_courier
from runner.daemon.engines import service_engines
from runner.daemon.service import Service
from runner.daemon.settled import intervals, keep, pipeline_files
from runner.daemon.telling import told
from runner.dispatch.local import Local
from runner.errors import StoreError, UsageError
from runner.scheduling.events import Command
from runner.service.arrivals import Arrivals
from runner.service.building import Building
from runner.service.completing import Completing
from runner.service.copies import Copies
from runner.service.decisions import Decisions
from runner.service.deliveries import Deliveries
from runner.service.engines import Engines
from runner.service.following import Followers
from runner.service.git import Git
from runner.service.graphing import graph_of
from runner.service.metrics import Metrics
from runner.service.notify_desk import NotifyDesk
from runner.service.orders import Orders
from runner.service.pins import pins_of
from runner.service.pipelines import Pipelines
from runner.service.polling import Polling
from runner.service.questions import Questions
from runner.service.retention import Retention
from runner.service.settings import Settings
from runner.service.ticking import Ticking
from runner.service.tokens import Tokens
from runner.service.watching import Watching
from runner.store import pipelines as stored
from runner.store import views
from runner.store.locks import try_acquire
from runner.store.store import Store

PRIVATE = ("dispatch", "references", "repositories")
"""Directories of the state that no job passes through."""
UNTIDY = 500
"""How many of the newest ends are looked at when a service starts: whether the last one was killed between recording
them and clearing away."""

log = structlog.stdlib.get_logger("runner.service")


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
    engines = Engines(store=store, make=made.make, integrations_file=settings.integrations, keys=made.keys)
    users = len(made.job_users.users) if made.job_users is not None else None
    building = Building(store, decisions, engines, dispatch, metrics, users=users, items=sum(settings.pools.values()))
    courier = made.courier = service_courier(made, engines, ServiceWatcher(building.tell, metrics.notified))
    made.desk = NotifyDesk(store, engines.of)
    await stack.enter_async_context(await _opened(made.desk))
    pipelines = Pipelines(store, decisions, engines, pipeline_files(settings), settings.pools)
    await _go_on(store, decisions, engines, pipelines, settings)
    questions = Questions(decisions)
    ticking = Ticking(decisions, engines)
    orders = Orders(decisions, questions, building, engines, courier)
    followers, arrivals = Followers(decisions, engines), Arrivals(decisions)
    copies = Copies(Git(environment=os.environ), directory / "copies")
    polling = Polling(engines, followers, arrivals, copies, lambda: made.settings.repositories.poll)

    def applied() -> None:
        ticking.look_again()
        polling.look_again()

    watching = Watching(pipelines, intervals(settings), applied)
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
        courier=courier,
        untidy=await store.read(lambda tx: views.ended_last(tx, UNTIDY)),
        ticking=ticking,
        watching=watching,
        polling=polling,
        retention=Retention(
            store,
            keep=lambda: keep(made.settings),
            pins=lambda: pins_of(engines.current.pipeline),
            busy=lambda: building.running,
        ),
        listeners=listeners,
        tokens=tokens,
        metrics=metrics,
    )


async def _opened(desk: NotifyDesk) -> AbstractAsyncContextManager[None]:
    try:
        return await desk.open()
    except OSError as error:
        raise StoreError(f"the socket for notifications of jobs cannot be made: {error.strerror}") from error


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


def _state_directory(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # job users are let through by their pool
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
