"""What the job types that run scripts share: from TASKs and hooks to one supervised process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from jobs.context import Context
from runner.errors import SetupError
from runner.execution.launcher import Result, Spec, TaskSpec
from runner.execution.model import Reports
from runner.execution.script import render
from runner.workspace.variables import effective


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a supervisor is to run, and how it ends beside that: see Spec."""

    tasks: tuple[TaskSpec, ...]
    silence: timedelta | None = None
    reports: Reports | None = None


async def run_tasks(context: Context) -> Result:
    """Run the job's TASKs one after another under a supervisor and wait for its result."""
    return await run_prepared(context, Prepared(tasks=tuple(_tasks(context))))


async def run_prepared(context: Context, prepared: Prepared) -> Result:
    """Run these under a supervisor and wait for its result."""
    runtime = context.job.runtime
    spec = Spec(
        place=context.place,
        build_dir=context.directory.root,
        seq=context.seq,
        next_id=context.next_id,
        tasks=prepared.tasks,
        base=context.base,
        secrets=tuple(context.secrets),
        limit=runtime.limit,
        grace=context.grace if runtime.grace is None else runtime.grace,
        limits=runtime.limits.within(context.limits),
        attached=context.attached,
        user=context.user,
        silence=prepared.silence,
        reports=prepared.reports,
    )
    if context.user is not None:
        await asyncio.to_thread(context.hand_over)
    supervised = await context.launcher.start(spec)
    context.started(supervised)
    return await supervised.wait()


def _tasks(context: Context) -> Iterator[TaskSpec]:
    tasks = context.job.tasks
    if not tasks:
        raise SetupError(f"job {context.job.name} has no TASK to run")
    for index, task in enumerate(tasks):
        text = render(task, context.job.hooks, last=task is tasks[-1])
        script = context.directory.write(f"scripts/yml_task_{index}.sh", text, 0o755)
        variables = effective(context.variables.of_task(task, context.machine))
        yield TaskSpec(
            name=task.name,
            script=script,
            exports=tuple((variable.name, variable.value) for variable in variables.values()),
            fixed=tuple(effective(context.variables.fixed(task, context.machine))),
        )
