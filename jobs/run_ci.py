"""`runCI`: one item of the CI part of a repository."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from jobs._script import Prepared, run_prepared
from jobs.context import Context
from runner.errors import SetupError
from runner.execution.launcher import Result, TaskSpec
from runner.execution.model import Reports
from runner.execution.script import Sectioned, render_sections
from runner.pipeline.model import Task
from runner.workspace.ci import CiWork
from runner.workspace.variables import effective

SILENCE = timedelta(minutes=10)
"""How long the platform let a build print nothing."""


class RunCI:
    """`pre_ci` in a shell of its own; `ci`, `post_ci` and the hooks in another one."""

    async def run(self, context: Context) -> Result:
        work = context.ci
        if work is None:
            raise SetupError(f"{context.job.name} runs where its checkout is: 'runner run --ci' in there")
        reports = work.directory / "shippable"
        return await run_prepared(
            context,
            Prepared(
                tasks=tuple(_tasks(context, work)),
                silence=SILENCE,
                reports=Reports(
                    tests=reports / "testresults", coverage=reports / "codecoverage", least=work.least_coverage
                ),
            ),
        )


def _tasks(context: Context, work: CiWork) -> Iterator[TaskSpec]:
    if work.pre_ci:
        yield _task(context, work, "pre_ci", _sectioned(work, work.pre_ci, ()))
    yield _task(context, work, "ci", _sectioned(work, work.ci, work.post_ci))


def _sectioned(work: CiWork, first: tuple[str, ...], second: tuple[str, ...]) -> Sectioned:
    return Sectioned(
        directory=work.directory,
        before=work.before,
        first=first,
        second=second,
        on_success=work.on_success,
        on_failure=work.on_failure,
        always=work.always,
    )


def _task(context: Context, work: CiWork, name: str, sections: Sectioned) -> TaskSpec:
    text = render_sections(sections, second="post_ci")
    script = context.directory.write(f"scripts/{name}.sh", text, 0o755)
    task = Task(name=name, place=context.job.place, script=())
    variables = effective([*work.variables, *context.variables.of_task(task, context.machine)])
    return TaskSpec(
        name=name,
        script=script,
        exports=tuple((variable.name, variable.value) for variable in variables.values()),
        fixed=tuple(effective(context.variables.fixed(task, context.machine))),
    )
