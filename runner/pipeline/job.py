"""One entry of `jobs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, read_fields
from runner.pipeline.hooks import ALWAYS, ON_CANCEL, ON_FAILURE, ON_START, ON_SUCCESS, read_hook
from runner.pipeline.job_types import (
    DEFAULT_PRIORITY,
    DEPENDENCY_MODE,
    FLAGS,
    INTEGRATIONS,
    PRIORITY,
    PUBLIC,
    RUNTIME,
    STEPS,
    TRIGGER_MODE,
    JobType,
    Tasks,
)
from runner.pipeline.model import DependencyMode, Hook, Hooks, Job, Named, Runtime, TriggerMode
from runner.pipeline.nodes import MappingNode, Node, Scalar, data
from runner.pipeline.runtime import JOB_RUNTIME, read_job_runtime
from runner.pipeline.steps import Steps, read_steps

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

ELSEWHERE = dict.fromkeys(JOB_RUNTIME, "put it below 'runtime'")


def read_job(spot: Spot, node: MappingNode, name: Scalar, job_type: JobType) -> Job:
    """The job, whose name and type are read already."""
    fields = read_fields(spot, node, job_type.keys, f"a {job_type.name} job", ("name", "type"), ELSEWHERE)
    steps = _steps(spot, fields, name.text, job_type)
    if job_type.tasks is Tasks.SCRIPT and not steps.tasks and not steps.doubtful and STEPS.name not in fields.meant:
        spot.report.error(
            Code.NO_SCRIPT,
            name.place,
            spot.path,
            f"job '{name.text}': {job_type.name} needs at least one TASK with a script",
        )
    runtime = fields.get(RUNTIME)
    return Job(
        name=name.text,
        type=job_type.name,
        place=name.place,
        steps=tuple(steps.steps),
        hooks=_hooks(spot, fields, steps),
        flags=tuple(flag.text for flag in fields.get(FLAGS, ())),
        dependency_mode=DependencyMode(fields.get(DEPENDENCY_MODE, DependencyMode.CHRONO)),
        trigger_mode=TriggerMode(fields.get(TRIGGER_MODE, TriggerMode.SERIAL)),
        priority=fields.get(PRIORITY, DEFAULT_PRIORITY),
        allow_public_access=fields.get(PUBLIC, False),
        runtime=Runtime() if runtime is None else read_job_runtime(spot.at(runtime, ".runtime"), name.text),
        integrations=tuple(Named(item.text, item.place) for item in fields.get(INTEGRATIONS, ())),
        options={e.key.text: data(e.value) for e in node.entries if e.key.text in job_type.options},
    )


def _steps(spot: Spot, fields: Fields, owner: str, job_type: JobType) -> Steps:
    node = fields.get(STEPS)
    return Steps(owner, job_type) if node is None else read_steps(spot.at(node, ".steps"), owner, job_type)


def _hooks(spot: Spot, fields: Fields, steps: Steps) -> Hooks:
    def read(key: Key[Node]) -> Hook:
        node = fields.get(key)
        return Hook() if node is None else read_hook(spot.at(node, f".{key.name}"), key, steps.owner, steps.job_type)

    always = read(ALWAYS)
    return Hooks(
        on_start=read(ON_START),
        on_success=read(ON_SUCCESS),
        on_failure=read(ON_FAILURE),
        on_cancel=read(ON_CANCEL),
        always=Hook(script=always.script, notify=(*always.notify, *steps.notify)),
    )
