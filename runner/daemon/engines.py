"""The engines of a service and the credentials that they share."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from runner.assembly import engine_with
from runner.execution.host_checks import booted
from runner.execution.launcher import LocalLauncher
from runner.integrations.aws_iam import TYPES, aws_role
from runner.service.courier import Courier
from runner.service.engine import Engine
from runner.service.host_hooks import HostHooks
from runner.service.inputs import Inputs
from runner.service.isolation import isolation_notes
from runner.service.job_users import JobUsers, open_job_users, refuse_too_few
from runner.service.notify_desk import NotifyDesk
from runner.service.options import RunOptions
from runner.service.ports import Credentials
from runner.service.project import Project
from runner.service.scopes import Scopes
from runner.service.settings import Settings
from runner.service.shared_credentials import SharedCredentials
from runner.store import views
from runner.store.store import Store
from runner.workspace.host import base_environment

log = structlog.stdlib.get_logger("runner.credentials")


@dataclass(slots=True, kw_only=True)
class ServiceEngines:
    """How a service makes the engine of a graph, by its present settings, and the credentials and the courier that all
    of them share."""

    store: Store
    settings: Settings
    credentials: SharedCredentials
    job_users: JobUsers | None
    scopes: Scopes | None
    courier: Courier | None = None
    desk: NotifyDesk | None = None

    def make(self, project: Project) -> Engine:
        """Builds of it outlive this process."""
        settings = self.settings
        options = RunOptions(
            paths=(), limits=settings.jobs.limits, grace=settings.jobs.grace, max_parallel=sum(settings.pools.values())
        )
        inputs = Inputs(project.pipeline, project.integrations, self.store, self.keys())
        engine = engine_with(self.store, project, options, inputs, self.credentials, attached=False)
        return replace(
            engine,
            launcher=LocalLauncher(self.scopes.place if self.scopes else None),
            job_users=self.job_users,
            host_hooks=HostHooks(self.settings.hooks.directory, self.settings.hooks.timeout),
            origin=lambda name: self._origin(project, name),
            courier=self.courier,
            desk=self.desk,
        )

    def _origin(self, project: Project, name: str) -> Path | str | None:
        """Where the file of a resource came from: a repository of the settings, or a directory of this host."""
        resource = project.pipeline.resources.get(name)
        if resource is None:
            return None
        pipeline = self.settings.pipelines.get(resource.place.file.partition(":")[0])
        return pipeline.git if pipeline is not None and pipeline.git else Path(resource.place.file).parent

    def keys(self) -> Path:
        """The directory of the private keys."""
        return self.settings.secrets.keys

    def take_over(self, settings: Settings) -> None:
        """Go on with these settings. Raises UsageError; then nothing has changed."""
        _refuse_too_few(self.job_users, settings)
        self.settings = settings


async def service_engines(
    stack: AsyncExitStack,
    store: Store,
    settings: Settings,
    project: Callable[[], Project],
    listening: socket.socket | None = None,
    called: Callable[[str], None] = lambda outcome: None,
) -> ServiceEngines:
    """`project` gives the one that is applied now; `listening` is a socket for credentials that systemd keeps open;
    `called` hears of each call of STS.

    Raises UsageError, SetupError, StoreError."""

    async def open_(inner: AsyncExitStack) -> Credentials:
        return await _service_credentials(inner, store, settings, project(), listening, called)

    users = await asyncio.to_thread(open_job_users, settings.jobs.users, store.directory)
    _refuse_too_few(users, settings)
    for text in isolation_notes(users.users if users else (), store.directory):
        log.info("isolation.note", note=text)
    if users is not None:
        unended = await store.read(lambda tx: [row.id for row in views.open_builds(tx)])
        for text in await asyncio.to_thread(users.settle, unended):
            log.warning("isolation.left_over", note=text)
    scopes = Scopes() if booted() else None
    if scopes is not None:
        stack.callback(scopes.close)
    credentials = SharedCredentials(open_, store.runs, always=settings.aws.sandbox)
    return ServiceEngines(store=store, settings=settings, credentials=credentials, job_users=users, scopes=scopes)


def _refuse_too_few(users: JobUsers | None, settings: Settings) -> None:
    """Raises UsageError."""
    if users is not None and settings.jobs.users:
        refuse_too_few(users.users, sum(settings.pools.values()))


async def _service_credentials(
    stack: AsyncExitStack,
    store: Store,
    settings: Settings,
    project: Project,
    listening: socket.socket | None,
    called: Callable[[str], None],
) -> Credentials:
    from runner.service.role_credentials import open_role_credentials  # aiobotocore costs a service without roles 30 MB

    inputs = Inputs(project.pipeline, project.integrations, store, settings.secrets.keys)
    wanted = [name for name, found in project.integrations.items() if found.type.master_name in TYPES]
    found = [aws_role(await inputs.resolved(name)) for name in wanted] if settings.aws.sandbox else []
    port, sandbox_port = await store.runs.service_ports()
    opened = await open_role_credentials(
        stack,
        roles=[role.arn for role in found if role is not None],
        project="service",
        region=settings.aws.region,
        sandbox=settings.aws.sandbox,
        shipctl=store.directory / "bin" / "shipctl",
        base=base_environment(os.environ, store.directory / "bin"),
        notice=lambda text: log.info("credentials.notice", text=text),
        ledger=store.runs,
        ports=(settings.aws.credentials_port or port, sandbox_port),
        listening=listening,
        called=called,
    )
    if not opened.broker.moved:  # where it had to move, the next process may still get the old one
        await store.runs.keep_service_ports(opened.broker.port, opened.sandbox_port)
    return opened
