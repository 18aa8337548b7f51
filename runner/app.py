"""The composition root: what the commands of the command line do with runs. What a run is put together from, see
assembly.py."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.assembly import engine_with, inputs_of, make_engine, make_store_directory, open_store, runner_argv
from runner.errors import RunnerError, UsageError
from runner.execution.control import COOKIE
from runner.pipeline.reader import SourceFile
from runner.scheduling.one_pass import LocalRun, Rule
from runner.service import detaching, run_socket
from runner.service.credentials import NoRoles
from runner.service.engine import Engine
from runner.service.interrupts import SIGNALS, interrupts_of_this
from runner.service.local_run import PipelineRun
from runner.service.options import RunOptions, decode, encode
from runner.service.plan import digest
from runner.service.ports import Observer, Output, Summary
from runner.service.project import Project, base_directory, project_of
from runner.service.recovery import end_abandoned
from runner.service.run_courier import RunWatcher, deliver_the_rest, run_courier
from runner.service.run_desk import with_desk
from runner.service.selection import rules_again, select_rules
from runner.service.shell_places import clear_abandoned
from runner.service.tidying import tidy_all
from runner.store.rows import BuildRow, Source
from runner.store.runs import Run
from runner.store.store import Store

if TYPE_CHECKING:
    from runner.aws.whoami import WhoAmI


def run_pipeline(project: Project, options: RunOptions, output: Output) -> Summary:
    """Run it to its end. Raises UsageError, StoreError, CredentialsError where it cannot begin, KeyboardInterrupt
    where a signal comes before it has begun."""
    rules = select_rules(project, options.jobs)
    try:
        return asyncio.run(_run(project, rules, options, output))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run(project: Project, rules: Mapping[str, Rule], options: RunOptions, output: Output) -> Summary:
    async with AsyncExitStack() as stack:
        interrupts = stack.enter_context(interrupts_of_this())
        store = await open_store(stack, make_store_directory(base_directory(options.paths)))
        await settle(store, output.notice)
        await store.sync(project.pipeline)
        engine = await make_engine(stack, store, project, rules, options, output)
        output.planned(digest(project, rules), len(rules))
        run, earlier = await _begin(store, project, rules, options, detached=False)
        engine = await stack.enter_async_context(with_desk(engine, project.integrations))
        watcher = RunWatcher(output)
        courier = await stack.enter_async_context(run_courier(engine, run.id, watcher))
        pipeline_run = _pipeline_run(replace(engine, courier=courier), rules, options, earlier, run, output)
        watcher.tell = pipeline_run.tell
        await stack.enter_async_context(run_socket.listening(store.runs.socket_path(run.id), pipeline_run))
        interrupts.act = pipeline_run.interrupt
        with output.live():
            summary = await pipeline_run.run()
            interrupts.act = lambda reason: courier.hurry()
            await deliver_the_rest(courier, engine, run.id, output)
        await store.runs.end(run)
        return summary


def detach(project: Project, options: RunOptions, output: Output) -> int:
    """Record a run and start a process of its own that leads it; gives its id once it is led. Raises RunnerError."""
    if COOKIE in os.environ:
        raise UsageError("--detach inside a job: whatever a job starts ends with it")
    return asyncio.run(_detach(project, select_rules(project, options.jobs), options, output))


async def _detach(project: Project, rules: Mapping[str, Rule], options: RunOptions, output: Output) -> int:
    async with AsyncExitStack() as stack:
        store = await open_store(stack, make_store_directory(base_directory(options.paths)))
        await settle(store, output.notice)
        await store.sync(project.pipeline)
        run, _ = await _begin(store, project, rules, options, detached=True)
        try:
            await detaching.start_leader(runner_argv(), store.runs, run.id, run.lock)
        finally:
            os.close(run.lock)
        return run.id


def lead(directory: Path, run_id: int, lock: int | None, led: Callable[[], None], observer: Observer) -> None:
    """Lead a detached run to its end; `led` is called as soon as it is. `lock` is its lock, where it was handed over;
    else it is taken, and where another process has it nothing is done. Raises RunnerError.

    A signal ends this process and nothing else: the builds go on, and the next process goes on with the run."""
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: os._exit(128 + number))
    asyncio.run(_lead(directory, run_id, lock, led, observer))


async def _lead(directory: Path, run_id: int, lock: int | None, led: Callable[[], None], observer: Observer) -> None:
    async with AsyncExitStack() as stack:
        store = await open_store(stack, directory)
        run = Run(run_id, lock) if lock is not None else await store.runs.lead(run_id)
        row = await store.runs.get(run_id)
        if run is None or row is None:
            led()
            return
        store.runs.sign(run)
        options = decode(row.options)
        history = await store.runs.builds(run_id)
        project = project_of(_files(await store.runs.sources(run_id)), options.integrations_file)
        rules = rules_again(project, options.jobs)
        try:
            engine = await make_engine(stack, store, project, rules, options, observer, row)
        except RunnerError:
            if not history:  # nothing of it has begun: whoever asked for it is told, and that is all
                await store.runs.end(run)
            raise
        await tidy_all(store, history, observer.notice)
        engine = await stack.enter_async_context(with_desk(engine, project.integrations))
        watcher = RunWatcher(observer)
        courier = await stack.enter_async_context(run_courier(engine, run_id, watcher))
        pipeline_run = _pipeline_run(
            replace(engine, courier=courier), rules, options, row.earlier, run, observer, history
        )
        watcher.tell = pipeline_run.tell
        await stack.enter_async_context(run_socket.listening(store.runs.socket_path(run_id), pipeline_run))
        if row.stop_reason is not None:
            pipeline_run.interrupt(row.stop_reason)
        led()
        await pipeline_run.run()
        await deliver_the_rest(courier, engine, run_id, observer)
        await tidy_all(store, await store.runs.builds(run_id), observer.notice)
        await store.runs.end(run)


async def settle(store: Store, notice: Callable[[str], None], *, wait: bool = True) -> None:
    """Look after runs whose process is gone: those in the foreground end, detached ones get a new leader.

    `wait`: for supervisors that are still ending their job. Not from inside a job: what it starts ends with it. Raises
    StoreError; what else goes wrong is told."""
    if COOKIE in os.environ:
        return
    await asyncio.to_thread(clear_abandoned, store.directory)
    ended: list[BuildRow] = []
    for dead in await store.runs.dead():
        if dead.detached:
            try:
                await detaching.start_leader(runner_argv(), store.runs, dead.id, None)
            except RunnerError as error:
                notice(f"the detached run {dead.id} cannot be gone on with: {error}")
        elif (run := await store.runs.lead(dead.id)) is not None:
            ended += await end_abandoned(store, run, await _engine_of(store, dead.id), notice, wait=wait)
    if ended:
        builds = "1 build" if len(ended) == 1 else f"{len(ended)} builds"
        notice(f"{builds} of an earlier run that was killed: given an end ('runner builds' tells which)")


async def _engine_of(store: Store, run_id: int) -> Engine:
    """What is needed to end the builds of a dead run in the foreground: nothing of it is started any more."""
    row = await store.runs.get(run_id)
    options = decode(row.options) if row is not None and row.options != "{}" else RunOptions(paths=())
    project = project_of(_files(await store.runs.sources(run_id)), options.integrations_file)
    return engine_with(store, project, options, inputs_of(project, store, options), NoRoles())


async def _begin(
    store: Store, project: Project, rules: Mapping[str, Rule], options: RunOptions, *, detached: bool
) -> tuple[Run, Mapping[str, str]]:
    """Record a run with all that another process needs to go on with it; also gives the last statuses before it."""
    earlier = await store.last_statuses(project.pipeline.jobs)
    run = await store.runs.begin(
        digest(project, rules),
        detached=detached,
        options=encode(options),
        earlier=earlier,
        sources=[Source(source.name, source.repository, source.text) for source in project.sources],
    )
    return run, earlier


def _pipeline_run(
    engine: Engine,
    rules: Mapping[str, Rule],
    options: RunOptions,
    earlier: Mapping[str, str],
    run: Run,
    observer: Observer,
    history: list[BuildRow] | None = None,
) -> PipelineRun:
    return PipelineRun(
        engine=engine,
        jobs=engine.jobs,
        rules=LocalRun(rules, earlier, options.max_parallel),
        run_id=run.id,
        observer=observer,
        history=history or (),
    )


def identities(project: Project, options: RunOptions) -> list[tuple[str, WhoAmI]]:
    """The identities that jobs would have, labelled `job (integration)`: each role is assumed once, nothing is run.

    Raises CredentialsError, SetupError."""
    rules = select_rules(project, options.jobs)
    return asyncio.run(_identities(project, rules, options))


async def _identities(project: Project, rules: Mapping[str, Rule], options: RunOptions) -> list[tuple[str, WhoAmI]]:
    from runner.service.identities import assume_all

    return await assume_all(project, rules, region=options.aws_region, sandbox=options.aws_sandbox)


def _files(sources: tuple[Source, ...]) -> list[SourceFile]:
    return [SourceFile(source.path, source.text, source.repository) for source in sources]
