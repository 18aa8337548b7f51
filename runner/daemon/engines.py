"""The engines of a service and the credentials that they share."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from runner.assembly import engine_with
from runner.integrations.aws_iam import TYPES, aws_role
from runner.service.inputs import Inputs
from runner.service.options import RunOptions
from runner.service.ports import Credentials
from runner.service.preparation import Engine
from runner.service.project import Project
from runner.service.settings import Settings
from runner.service.shared_credentials import SharedCredentials
from runner.store.store import Store
from runner.workspace.host import base_environment

log = structlog.stdlib.get_logger("runner.credentials")


@dataclass(slots=True, kw_only=True)
class ServiceEngines:
    """How a service makes the engine of a graph, by its present settings, and the credentials that all of them
    share."""

    store: Store
    settings: Settings
    credentials: SharedCredentials

    def make(self, project: Project) -> Engine:
        """Builds of it outlive this process."""
        options = RunOptions(paths=(), limits=self.settings.jobs.limits, grace=self.settings.jobs.grace)
        inputs = Inputs(project.pipeline, project.integrations, self.store)
        return engine_with(self.store, project, options, inputs, self.credentials, attached=False)


def service_engines(
    store: Store,
    settings: Settings,
    project: Callable[[], Project],
    listening: socket.socket | None = None,
) -> ServiceEngines:
    """`project` gives the one that is applied now; `listening` is a socket for credentials that systemd keeps open."""

    async def open_(stack: AsyncExitStack) -> Credentials:
        return await _service_credentials(stack, store, settings, project(), listening)

    credentials = SharedCredentials(open_, store.runs, always=settings.aws.sandbox)
    return ServiceEngines(store=store, settings=settings, credentials=credentials)


async def _service_credentials(
    stack: AsyncExitStack, store: Store, settings: Settings, project: Project, listening: socket.socket | None
) -> Credentials:
    from runner.service.role_credentials import open_role_credentials  # aiobotocore costs a service without roles 30 MB

    inputs = Inputs(project.pipeline, project.integrations, store)
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
    )
    if not opened.broker.moved:  # where it had to move, the next process may still get the old one
        await store.runs.keep_service_ports(opened.broker.port, opened.sandbox_port)
    return opened
