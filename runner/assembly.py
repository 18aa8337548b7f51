"""Putting a run together: the store, the engine of its builds, the credentials, what the host gives."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from jobs.registry import JOB_TYPES
from runner.errors import StoreError
from runner.execution.launcher import LocalLauncher
from runner.external.cache import Cache
from runner.external.finding import fetch
from runner.external.resolving import COMMIT_IT, Library
from runner.integrations.aws_iam import aws_role
from runner.scheduling.one_pass import Rule
from runner.service.ci.source import RUN_CI, CiSource
from runner.service.credentials import NoRoles
from runner.service.engine import Engine
from runner.service.inputs import Inputs
from runner.service.options import RunOptions
from runner.service.plan import role_integrations
from runner.service.ports import Credentials, Host, Observer, Records
from runner.service.project import Project, base_directory
from runner.service.settings_places import keys_directory
from runner.shipctl.shim import job_commands
from runner.store.rehearsing import Rehearsal
from runner.store.rows import RunRow
from runner.store.store import Store
from runner.workspace.host import base_environment, user_name, write_commands

PACKAGE_ROOT = Path(__file__).resolve().parent.parent


async def open_store(stack: AsyncExitStack, directory: Path) -> Store:
    """A store that is closed with `stack`. Raises StoreError."""
    store = Store(directory)
    await store.open()
    stack.push_async_callback(store.close)
    return store


async def make_engine(
    stack: AsyncExitStack,
    store: Store,
    project: Project,
    rules: Mapping[str, Rule],
    options: RunOptions,
    observer: Observer,
    detached: RunRow | None = None,
) -> Engine:
    """The engine of a run; `detached` is the row of a run whose builds may outlive this process."""
    inputs = inputs_of(project, store, options)
    credentials = await _credentials(stack, store, project, rules, inputs, options, observer.notice, detached)
    return engine_with(store, project, options, inputs, credentials, attached=detached is None)


async def make_rehearsing_engine(
    stack: AsyncExitStack,
    store: Store,
    project: Project,
    rules: Mapping[str, Rule],
    options: RunOptions,
    rehearsal: Rehearsal,
    notice: Callable[[str], None],
) -> Engine:
    """An engine for what is prepared as a build and recorded as none."""
    inputs = inputs_of(project, rehearsal, options)
    credentials = await _credentials(stack, store, project, rules, inputs, options, notice, None)
    return replace(engine_with(store, project, options, inputs, credentials), rehearsal=rehearsal)


def engine_with(
    store: Store,
    project: Project,
    options: RunOptions,
    inputs: Inputs,
    credentials: Credentials,
    *,
    attached: bool = True,
) -> Engine:
    """The engine with these credentials. `attached`: builds end with this process."""
    return Engine(
        store=store,
        jobs=project.pipeline.jobs,
        inputs=inputs,
        job_types=JOB_TYPES,
        launcher=LocalLauncher(),
        credentials=credentials,
        host=_host(store.directory),
        injected=options.injected,
        reset=options.reset,
        limits=options.limits,
        grace=options.grace,
        attached=attached,
        ci=_ci_source(store, project, options, inputs),
        origin=lambda name: base_directory(options.paths) if options.paths else None,
    )


def inputs_of(project: Project, store: Records, options: RunOptions) -> Inputs:
    """With the private keys of whoever runs this by hand."""
    return Inputs(project.pipeline, project.integrations, store, options.keys or keys_directory(os.environ))


def _ci_source(store: Store, project: Project, options: RunOptions, inputs: Inputs) -> CiSource | None:
    """Where a job of these runs the CI part of a checkout: that of the first path, if there is one."""
    if all(job.type != RUN_CI for job in project.pipeline.jobs.values()):
        return None
    return CiSource(
        directory=base_directory(options.paths) if options.paths else None,
        reading=project.ci,
        cache=store.directory / "cache",
        parallel=options.max_parallel,
        working_tree=options.working_tree,
        least_coverage=options.least_coverage,
        unseal=inputs.keyring.open,
        library=_library(store.directory / "references"),
    )


def _library(directory: Path) -> Library:
    """What the templates of cloned repositories refer to: what their own locks do not pin is pinned here."""
    return Library(
        cache=Cache(directory / "texts"),
        download=fetch,
        own=directory / "ci" / "shippable.lock",
        accept=COMMIT_IT,
    )


def make_store_directory(base: Path) -> Path:
    """`.runner/` in `base`, private to its user and ignored by git. Raises StoreError."""
    directory = base.resolve() / ".runner"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)  # it may have been made by hand, for the integrations
        ignore = directory / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", "utf-8")
    except OSError as error:
        raise StoreError(f"the store {directory} cannot be made: {error.strerror}") from error
    return directory


def _host(directory: Path) -> Host:
    commands = directory / "bin"
    write_commands(commands, {**job_commands(sys.executable, str(PACKAGE_ROOT)), "runner": _runner_command()})
    return Host(
        base=base_environment(os.environ, commands),
        commands=commands,
        machine=platform.machine(),
        user=user_name(),
    )


def runner_argv() -> list[str]:
    """`runner` itself, of this very installation."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); from runner.cli.main import main; main()"
    return [sys.executable, "-c", code]


def _runner_command() -> str:
    return f'#!/bin/sh\nexec {shlex.join(runner_argv())} "$@"\n'


async def _credentials(
    stack: AsyncExitStack,
    store: Store,
    project: Project,
    rules: Mapping[str, Rule],
    inputs: Inputs,
    options: RunOptions,
    notice: Callable[[str], None],
    detached: RunRow | None,
) -> Credentials:
    """The broker where a job names a role; else what keeps the host's own identity out of every job."""
    integrations = role_integrations(project, rules)
    promised = detached is not None and detached.port is not None
    if not integrations and not options.aws_sandbox and not promised:
        return NoRoles()
    found = [aws_role(await inputs.resolved(name)) for name in integrations] if options.aws_sandbox else []
    roles = [role.arn for role in found if role is not None]
    from runner.service.role_credentials import open_role_credentials

    opened = await open_role_credentials(
        stack,
        roles=roles,
        project=store.directory.parent.name,
        region=options.aws_region,
        sandbox=options.aws_sandbox,
        shipctl=store.directory / "bin" / "shipctl",
        base=base_environment(os.environ, store.directory / "bin"),
        notice=notice,
        ledger=store.runs if detached else None,
        ports=((detached.port or 0), (detached.sandbox_port or 0)) if detached else (0, 0),
    )
    if detached and not opened.broker.moved:  # where it had to move, the next process may still get the old one
        await store.runs.keep_ports(detached.id, opened.broker.port, opened.sandbox_port)
    return opened
