"""Pipelines: what was applied, what was refused and why."""

from __future__ import annotations

import msgspec

from runner.api.pipeline_shapes import PipelineList, PipelineShape, SyncShape
from runner.api.routing import Call
from runner.api.shapes import Named, NoBody, NoParams
from runner.api.views import pipeline_shape


async def list_pipelines(call: Call[NoParams, NoBody]) -> PipelineList:
    return PipelineList(pipelines=tuple(map(pipeline_shape, await call.served.questions.pipelines())))


async def show_pipeline(call: Call[Named, NoBody]) -> PipelineShape:
    return pipeline_shape(await call.served.questions.pipeline(call.params.name))


async def sync_pipeline(call: Call[Named, NoBody]) -> SyncShape:
    return await _synced(call, update_references=False)


async def update_references(call: Call[Named, NoBody]) -> SyncShape:
    return await _synced(call, update_references=True)


async def _synced(call: Call[Named, NoBody], *, update_references: bool) -> SyncShape:
    result = await call.served.pipelines.sync(call.params.name, update_references=update_references)
    return msgspec.convert(result, SyncShape, from_attributes=True)
