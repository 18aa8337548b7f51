"""Health and metrics: what machines ask of the service, answered whatever becomes of the database."""

from __future__ import annotations

import asyncio
import time

import msgspec
from aiohttp import web
from prometheus_client import generate_latest

from runner.api.callers import Caller
from runner.api.served import Served
from runner.api.state import health_of
from runner.errors import StoreError

FRESH_S = 2.0
"""How long the figures of the queue are waited for; then the last ones are told again."""
TICK_S = 0.5
WINDOW_S = 60.0
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
    """200 while builds are taken, also where something is wrong; 503 while the service drains."""
    health = health_of(served)
    return web.Response(
        status=503 if health.state == "draining" else 200,
        body=msgspec.json.encode(health),
        content_type="application/json",
    )


async def metrics(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
    try:
        async with asyncio.timeout(FRESH_S) as ours:
            served.metrics.seen(await served.questions.overview(), served.settings.pools)
    except StoreError:
        pass  # counted, and told by /healthz
    except TimeoutError:
        if not ours.expired():
            raise
    served.metrics.store_failed(served.store.database.failures)
    body = generate_latest(served.metrics.registry)
    return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})


async def measure_lag(served: Served) -> None:
    """How late the loop wakes us, until cancelled."""
    worst, since = 0.0, time.monotonic()
    while True:
        began = time.monotonic()
        await asyncio.sleep(TICK_S)  # what is measured is the waking
        now = time.monotonic()
        if now - since > WINDOW_S:
            worst, since = 0.0, now
        worst = max(worst, now - began - TICK_S)
        served.metrics.loop_lag.set(worst)
