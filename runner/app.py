"""The composition root: it alone knows every adapter."""

from __future__ import annotations

import asyncio
import os
import platform
import pwd
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.registry import JOB_TYPES
from runner.errors import StoreError
from runner.execution.launcher import LocalLauncher
from runner.integrations.aws_iam import aws_role
from runner.scheduling.rules import LocalRun, Rule
from runner.service.credentials import NoRoles
from runner.service.inputs import Inputs
from runner.service.local_run import PipelineRun
from runner.service.plan import digest, role_integrations
from runner.service.ports import Credentials, Host, Output, Summary
from runner.service.preparation import Engine
from runner.service.project import Project, base_directory
from runner.service.recovery import end_abandoned
from runner.service.selection import select_rules
from runner.shipctl.shim import shim_text
from runner.store.store import Store
from runner.workspace.host import base_environment, write_commands

if TYPE_CHECKING:
    from runner.aws.whoami import WhoAmI

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line says about a run. `jobs` empty: the whole pipeline."""

    paths: Sequence[Path]
    jobs: Sequence[str] = ()
    injected: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    max_parallel: int = 4
    aws_region: str | None = None
    aws_sandbox: bool = False


def run_pipeline(project: Project, options: RunOptions, output: Output) -> Summary:
    """Run it to its end. Raises UsageError, StoreError, CredentialsError where it cannot begin, KeyboardInterrupt
    where a signal comes before it has begun."""
    rules = select_rules(project, options.jobs)
    try:
        return asyncio.run(_run(project, rules, options, output))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(project: Project, rules: Mapping[str, Rule], options: RunOptions, output: Output) -> Summary:
    directory = make_store_directory(base_directory(options.paths))
    async with AsyncExitStack() as stack:
        interrupts = stack.enter_context(_interrupts())
        store = Store(directory)
        await store.open()
        stack.push_async_callback(store.close)
        if marked := await end_abandoned(store):
            builds = "1 build" if len(marked) == 1 else f"{len(marked)} builds"
            output.notice(f"{builds} of an earlier run that was killed: marked as error ('runner builds' lists them)")
        await store.sync(project.pipeline)
        host = _host(directory)
        inputs = Inputs(project.pipeline, project.integrations, store)
        engine = Engine(
            store=store,
            jobs=project.pipeline.jobs,
            inputs=inputs,
            job_types=JOB_TYPES,
            launcher=LocalLauncher(),
            credentials=await _credentials(project, rules, inputs, options, output, host, stack),
            host=host,
            injected=options.injected,
            reset=options.reset,
        )
        plan = digest(project, rules)
        output.planned(plan, len(rules))
        run = await store.begin_run(plan)
        earlier = await store.last_statuses(project.pipeline.jobs)
        pipeline_run = PipelineRun(
            engine=engine,
            jobs=project.pipeline.jobs,
            rules=LocalRun(rules, earlier, options.max_parallel),
            run_id=run.id,
            observer=output,
        )
        interrupts.act = pipeline_run.interrupt
        with output.live():
            summary = await pipeline_run.run()
        await store.end_run(run)
        return summary


def identities(project: Project, options: RunOptions) -> list[tuple[str, WhoAmI]]:
    """The identities that jobs would have, labelled `job (integration)`: each role is assumed once, nothing is run.

    Raises CredentialsError, SetupError."""
    rules = select_rules(project, options.jobs)
    return asyncio.run(_identities(project, rules, options))


async def _identities(project: Project, rules: Mapping[str, Rule], options: RunOptions) -> list[tuple[str, WhoAmI]]:
    from runner.service.identities import assume_all

    return await assume_all(project, rules, region=options.aws_region, sandbox=options.aws_sandbox)


@dataclass(slots=True)
class _Interrupts:
    """What a signal does, given the reason."""

    act: Callable[[str], object]

    def __call__(self, reason: str) -> None:
        self.act(reason)


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    """Signals break off whatever is being prepared, until there is a run that they can interrupt in good order."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    interrupts = _Interrupts(act=lambda reason: task and task.cancel(reason))
    for number in SIGNALS:
        reason = f"interrupted by {signal.Signals(number).name}"
        loop.add_signal_handler(number, interrupts, reason)
    try:
        yield interrupts
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


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
    write_commands(commands, {"shipctl": shim_text(sys.executable, str(PACKAGE_ROOT)), "runner": _runner_command()})
    return Host(
        base=base_environment(os.environ, commands),
        commands=commands,
        machine=platform.machine(),
        user=_user(),
    )


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user that the host does not know, as in a container
        return str(os.getuid())


def _runner_command() -> str:
    code = f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); from runner.cli.main import main; main()"
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "$@"\n'


async def _credentials(
    project: Project,
    rules: Mapping[str, Rule],
    inputs: Inputs,
    options: RunOptions,
    output: Output,
    host: Host,
    stack: AsyncExitStack,
) -> Credentials:
    """The broker where a job names a role; else what keeps the host's own identity out of every job."""
    integrations = role_integrations(project, rules)
    if not integrations and not options.aws_sandbox:
        return NoRoles()
    found = [aws_role(await inputs.resolved(name)) for name in integrations] if options.aws_sandbox else []
    roles = [role.arn for role in found if role is not None]
    from runner.service.role_credentials import open_role_credentials

    return await open_role_credentials(
        stack,
        roles=roles,
        project=base_directory(options.paths).resolve().name,
        region=options.aws_region,
        sandbox=options.aws_sandbox,
        shipctl=host.commands / "shipctl",
        base=host.base,
        notice=output.notice,
    )
