"""The service as a whole: how it is, and letting it come to rest."""

from __future__ import annotations

from importlib.metadata import version

from runner.api.routing import Call
from runner.api.served import Served
from runner.api.shapes import Done, DrainBody, Health, NoBody, NoParams, PoolShape, ServiceShape
from runner.service.questions import Overview


async def show_service(call: Call[NoParams, NoBody]) -> ServiceShape:
    served = call.served
    overview = await served.questions.overview()
    health = health_of(served)
    refused = [f"the files of pipeline {name} were refused" for name in overview.refused]
    state = "degraded" if health.state == "ready" and refused else health.state
    return ServiceShape(
        version=version("shippable-runner"),
        state=state,
        reasons=(*health.reasons, *refused),
        pools=_pools(served, overview),
        builds=overview.builds,
        jobs=overview.jobs,
        resources=overview.resources,
        pipelines=overview.pipelines,
    )


async def drain(call: Call[NoParams, DrainBody]) -> Done:
    orders = call.served.orders
    before = orders.draining
    await orders.drain(call.body.on)
    if call.body.on and call.body.now:
        await orders.cancel_all(f"the service is drained by {call.caller.name}")
    return Done(changed=before != call.body.on)


def health_of(served: Served) -> Health:
    """Told from what is known in memory: it must be answered while the database is locked."""
    if served.stopping.is_set():
        return Health(state="draining", reasons=("the service is stopping",))
    if served.orders.draining:
        return Health(state="draining", reasons=("the service is drained: nothing is started",))
    trouble = served.store.database.trouble
    if trouble is not None:
        return Health(state="degraded", reasons=(trouble,))
    return Health(state="ready", reasons=())


def _pools(served: Served, overview: Overview) -> dict[str, PoolShape]:
    return {
        name: PoolShape(capacity=size, used=overview.used.get(name, 0), queued=overview.queued.get(name, 0))
        for name, size in served.settings.pools.items()
    }
