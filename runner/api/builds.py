"""Builds: to look at, to cancel, to run again."""

from __future__ import annotations

from runner.api.build_shapes import (
    BuildAnswer,
    BuildList,
    BuildParams,
    BuildShape,
    BuildsParams,
    CancelBody,
    JobBuildParams,
)
from runner.api.routing import Call
from runner.api.served import Served
from runner.api.shapes import NoBody
from runner.api.views import build_shape, input_shape
from runner.errors import UsageError
from runner.pipeline.problems import nearest
from runner.store.rows import BuildRow

STATUSES = ("queued", "processing", "success", "failure", "unstable", "error", "timeout", "cancelled")


async def list_builds(call: Call[BuildsParams, NoBody]) -> BuildList:
    asked = call.params
    if asked.status is not None and asked.status not in STATUSES:
        hint = nearest(asked.status, STATUSES) or f"there are {', '.join(STATUSES)}"
        raise UsageError(f"status: no build is ever '{asked.status}' ({hint})")
    rows = await call.served.questions.builds(
        job=asked.job, status=asked.status, before=asked.before, most=asked.limit + 1, items=True
    )
    shown = rows[: asked.limit]
    return BuildList(builds=tuple(map(build_shape, shown)), next=shown[-1].id if len(rows) > len(shown) else None)


async def show_build(call: Call[BuildParams, NoBody]) -> BuildAnswer:
    return await _with_inputs(call.served, await call.served.questions.build(call.params.id))


async def show_build_of_job(call: Call[JobBuildParams, NoBody]) -> BuildAnswer:
    number = None if call.params.number == "latest" else int(call.params.number)
    return await _with_inputs(call.served, await call.served.questions.build_of(call.params.name, number))


async def cancel_build(call: Call[BuildParams, CancelBody]) -> BuildShape:
    reason = call.body.reason or f"cancelled by {call.caller.name}"
    return build_shape(await call.served.orders.cancel(call.params.id, reason))


async def replay_build(call: Call[BuildParams, NoBody]) -> BuildShape:
    return build_shape(await call.served.orders.replay(call.params.id, call.caller.name))


async def _with_inputs(served: Served, row: BuildRow) -> BuildAnswer:
    inputs = await served.questions.inputs(row.id)
    return BuildAnswer(build=build_shape(row), inputs=tuple(map(input_shape, inputs)))
