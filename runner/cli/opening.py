"""Opening a shell as a job would have it: what a run puts together, without its store and without its supervisor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack

from runner.assembly import make_rehearsing_engine, make_store_directory
from runner.pipeline.model import Job
from runner.service.interrupts import interrupts_of_this
from runner.service.options import RunOptions
from runner.service.project import Project, base_directory
from runner.service.rehearsals import store_or_nothing
from runner.service.selection import select_rules
from runner.service.shell_places import WORK, shell_place
from runner.service.shells import JobShell, Wanted
from runner.store.rehearsing import rehearse


def open_shell(
    project: Project, job: Job, options: RunOptions, wanted: Wanted, *, keep: bool, tell: Callable[[str], None]
) -> int:
    """The exit code of a shell in the environment of a job; nothing of it is recorded. Raises RunnerError,
    KeyboardInterrupt where a signal comes before it is open."""
    try:
        return asyncio.run(_open_shell(project, job, options, wanted, keep, tell))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _open_shell(
    project: Project, job: Job, options: RunOptions, wanted: Wanted, keep: bool, tell: Callable[[str], None]
) -> int:
    async with AsyncExitStack() as stack:
        interrupts = stack.enter_context(interrupts_of_this())
        directory = make_store_directory(base_directory(options.paths))
        store = store_or_nothing(directory)
        await store.open()
        stack.push_async_callback(store.close)
        rehearsal = await store.rehearse(lambda tx: rehearse(tx, job, project.pipeline, files=True))
        rules = select_rules(project, [job.name])
        engine = await make_rehearsing_engine(stack, store, project, rules, options, rehearsal, tell)
        place = stack.enter_context(shell_place(directory, keep=keep))
        shell = JobShell(engine=engine, job=job, row=rehearsal.build, place=place, wanted=wanted, tell=tell)

        def ready() -> None:
            interrupts.act = lambda reason: None  # from now on they are the shell's
            if not wanted.command and os.isatty(0):
                tell(f"a shell as {job.name} would have it, with its secrets: nothing is recorded, exit ends it")

        code = await shell.run(ready)
        if keep:
            tell(f"{place / WORK} stays; it may hold secrets still: remove it when it is of no use any more")
        return code
