"""Steps in JSON Schema, by what a type of job takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline import task
from runner.pipeline.job_types import Tasks
from runner.pipeline.steps import IN_OPTIONS, OUT_OPTIONS, PINS, VERBS
from runner.reference.fragments import Fragments, Schema, present

if TYPE_CHECKING:
    from runner.pipeline.job_types import JobType

_MANAGED: Schema = {"const": task.MANAGED}


def steps_of(job_type: JobType, fragments: Fragments) -> Schema:
    """The list of steps; its items are one step or lists of them."""
    beside = "-".join(job_type.task_options)
    items = fragments.nested(f"step.{job_type.tasks.name.lower()}.{beside}".rstrip("."), [_step(job_type, fragments)])
    found: Schema = {"type": "array", "items": items}
    if job_type.tasks is Tasks.SCRIPT:
        found["contains"] = {"anyOf": [{"type": "array"}, {"type": "object", "required": ["TASK"]}]}
    return found


def _step(job_type: JobType, fragments: Fragments) -> Schema:
    values = {name: fragments.value(key) for name, key in VERBS.items() if name != "TASK"}
    values["TASK"] = fragments.value(VERBS["TASK"], _task(job_type, fragments))
    return {
        "type": "object",
        "properties": values,
        "oneOf": [{"required": [verb]} for verb in VERBS],
        "allOf": [
            {"if": {"required": ["IN"]}, "then": fragments.defined("IN", _input)},
            {"if": {"required": ["OUT"]}, "then": fragments.defined("OUT", _output)},
            {"if": {"required": ["TASK"]}, "then": fragments.mapping(job_type.task_options, beside=("TASK",))},
        ],
    }


def _input(fragments: Fragments) -> Schema:
    """What stands beside IN: one pin at most."""
    return {**fragments.mapping(IN_OPTIONS, beside=("IN",)), "not": present(*(pin.name for pin in PINS))}


def _output(fragments: Fragments) -> Schema:
    return fragments.mapping(OUT_OPTIONS, beside=("OUT",))


def _task(job_type: JobType, fragments: Fragments) -> Schema:
    match job_type.tasks:
        case Tasks.SCRIPT:
            shape = fragments.of(task.SHAPE)
            return {**shape, "not": _MANAGED}
        case Tasks.CI:
            return _MANAGED
        case Tasks.MANAGED:
            return {"anyOf": [_MANAGED, {"type": ["object", "array", "null"]}]}
