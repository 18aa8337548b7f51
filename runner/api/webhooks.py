"""What providers and other programs send: whoever sends it proves it with the delivery, so that no token is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from aiohttp import web

from runner.api import shapes
from runner.api.callers import Caller
from runner.api.refusals import refuse
from runner.api.routing import read_params
from runner.api.served import Served
from runner.service import deliveries
from runner.triggers.delivery import RefusedDelivery

BASIC = {"WWW-Authenticate": 'Basic realm="webhook"'}

log = structlog.stdlib.get_logger("runner.webhooks")


class WebhookAnswer(shapes.Answer, frozen=True, kw_only=True):
    """What came of a delivery: the resources with a new version, the pipelines that are read again, and why resources
    that follow the repository got none. `repeated`: it was taken before, and nothing comes of it now."""

    versions: tuple[str, ...]
    pipelines: tuple[str, ...]
    passed_over: Mapping[str, str]
    note: str
    repeated: bool


async def take_of_provider(request: web.Request, served: Served, caller: Caller) -> web.Response:
    return await _taken(request, served.deliveries.of_provider, {})


async def take_of_resource(request: web.Request, served: Served, caller: Caller) -> web.Response:
    return await _taken(request, served.deliveries.of_resource, BASIC)


async def _taken(
    request: web.Request,
    take: Callable[[str, Mapping[str, str], bytes], Awaitable[deliveries.Answer]],
    challenge: Mapping[str, str],
) -> web.Response:
    """The body is passed on as it came: its bytes are what is signed."""
    name = read_params(request, shapes.Named).name
    body = await request.read()
    try:
        taken = await take(name, request.headers, body)
    except RefusedDelivery as error:
        log.warning("webhook.refused", webhook=name, status=error.status, reason=str(error), address=request.remote)
        return refuse(error.status, str(error), challenge if error.status == 401 else None)
    answer = WebhookAnswer(
        versions=taken.versions,
        pipelines=taken.pipelines,
        passed_over=taken.passed_over,
        note=taken.note,
        repeated=taken.repeated,
    )
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")
