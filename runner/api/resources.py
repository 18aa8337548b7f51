"""Resources and versions, and the end of what no file has any more."""

from __future__ import annotations

import asyncio
import shutil

from runner.api.build_shapes import PurgeAnswer
from runner.api.details import ResourceAnswer
from runner.api.pipeline_shapes import ResourceList, VersionBody, VersionList, VersionsParams
from runner.api.routing import Call
from runner.api.shapes import Done, Named, NoBody, NoParams
from runner.api.views import resource_answer, resource_shape, version_shape
from runner.errors import NotFoundError, UsageError
from runner.store.resource_views import resource_view
from runner.workspace.versions import NewVersion

DELIVERY = "Idempotency-Key"
LONGEST_DELIVERY = 256
HEADERS = {DELIVERY: "The same version sent again under the same key is recorded once."}


async def list_resources(call: Call[NoParams, NoBody]) -> ResourceList:
    problems, rows = call.served.polling.problems, await call.served.questions.resources()
    return ResourceList(resources=tuple(resource_shape(row, problems.get(row.name)) for row in rows))


async def show_resource(call: Call[Named, NoBody]) -> ResourceAnswer:
    served = call.served
    node = await served.questions.node(call.params.name, kind="resource")
    pipeline, problem = served.engines.current.pipeline, served.polling.problems.get(node.name)
    view = await served.store.read(lambda tx: resource_view(tx, pipeline, node.name, problem))
    if view is None:
        raise NotFoundError(f"there is no resource {node.name} any more")
    return resource_answer(node, view)


async def list_versions_of_resource(call: Call[VersionsParams, NoBody]) -> VersionList:
    return await _versions(call, "resource")


async def list_versions_of_job(call: Call[VersionsParams, NoBody]) -> VersionList:
    return await _versions(call, "job")


async def add_version(call: Call[Named, VersionBody]) -> Done:
    delivery = call.headers.get(DELIVERY)
    if delivery is not None and not 0 < len(delivery) <= LONGEST_DELIVERY:
        raise UsageError(f"the header {DELIVERY} has 1 to {LONGEST_DELIVERY} signs")
    new = NewVersion(node=call.params.name, name=call.body.versionName, property_bag=call.body.propertyBag)
    key = None if delivery is None else f"version {call.params.name} {delivery}"
    return Done(changed=await call.served.orders.add_version(new, delivery=key))


async def purge(call: Call[Named, NoBody]) -> PurgeAnswer:
    builds = await call.served.orders.purge(call.params.name)
    for build in builds:
        await asyncio.to_thread(shutil.rmtree, call.served.store.build_directory(build), ignore_errors=True)
    return PurgeAnswer(builds=tuple(builds))


async def _versions(call: Call[VersionsParams, NoBody], kind: str) -> VersionList:
    asked, questions = call.params, call.served.questions
    await questions.node(asked.name, kind=kind)
    found = await questions.versions(asked.name, before=asked.before, most=asked.limit + 1)
    shown = found[: asked.limit]
    return VersionList(
        versions=tuple(map(version_shape, shown)), next=shown[-1].number if len(found) > len(shown) else None
    )
