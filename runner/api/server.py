"""The HTTP server: every request is checked here, and every answer leaves from here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog
from aiohttp import web

from runner.api.admission import Admission
from runner.api.callers import Caller
from runner.api.feeds import Feeds
from runner.api.limits import Streams
from runner.api.listeners import Listeners
from runner.api.log_streams import FEEDS
from runner.api.openapi import DOCUMENTED, Documented
from runner.api.refusals import RefusedError, refusal_of, refuse
from runner.api.routing import Route
from runner.api.served import Served
from runner.api.telling import measure_lag
from runner.errors import RunnerError

ENDING_S = 0.4
"""How long answers may take that are under way when the service ends."""
KEPT_OPEN_S = 75.0
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that does not have its own."""

log = structlog.stdlib.get_logger("runner.api")


class Api:
    """`run` serves until it is cancelled."""

    def __init__(self, served: Served, listeners: Listeners, routes: Sequence[Route]) -> None:
        self._served = served
        self._listeners = listeners
        self._routes = routes
        self._admission = Admission(served, listeners)
        self._streams = Streams()
        self._feeds = Feeds()
        self._orders = asyncio.TaskGroup()

    async def run(self) -> None:
        """What was ordered is carried through, whoever waits for the answer."""
        async with self._orders:
            self._orders.create_task(self._feeds.run(self._served.stopping), name="feeds")
            lag = self._orders.create_task(measure_lag(self._served), name="lag")
            runner = web.AppRunner(
                self._application(),
                access_log=None,
                handler_cancellation=True,
                keepalive_timeout=KEPT_OPEN_S,
                logger=_silent(),
                shutdown_timeout=ENDING_S,
            )
            await runner.setup()
            try:
                for listening in self._listeners.sockets:
                    await web.SockSite(runner, listening).start()
                await asyncio.get_running_loop().create_future()  # until we are cancelled
            finally:
                await runner.cleanup()
                lag.cancel()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_in_our_words])
        for route in self._routes:
            application.router.add_route(route.method, route.path, self._handler(route))
        application[FEEDS] = self._feeds
        application[DOCUMENTED] = Documented(self._routes)
        application.on_response_prepare.append(_add_headers)
        return application

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            began = time.perf_counter()
            response = await self._checked(route, request)
            log.debug(
                "api.answered",
                method=route.method,
                path=request.path,
                status=response.status,
                seconds=round(time.perf_counter() - began, 4),
            )
            return response

        return handler

    async def _checked(self, route: Route, request: web.Request) -> web.StreamResponse:
        try:
            caller = self._admission.admit(route, request)
        except RefusedError as error:
            return refusal_of(error)
        request = request.clone(client_max_size=self._served.settings.server.body_limit)
        if route.stream:
            return await self._stream(route, request, caller)
        return await self._in_time(route, request, caller)

    async def _stream(self, route: Route, request: web.Request, caller: Caller) -> web.StreamResponse:
        if self._streams.is_full(caller.key):
            return refuse(429, "too many streams are open: close some first", {"Retry-After": "10"})
        with self._streams.counted(caller.key), self._served.metrics.streams.track_inprogress():
            return await self._answer(route, request, caller)

    async def _in_time(self, route: Route, request: web.Request, caller: Caller) -> web.StreamResponse:
        """An order that takes too long goes on; a question is given up."""
        limit = self._served.settings.server.request_timeout.total_seconds()
        if route.changes:
            task = self._orders.create_task(self._answer(route, request, caller))
            await asyncio.wait([task], timeout=limit)
            if task.done():
                return task.result()
            return refuse(504, "the service is slow: the order may still be carried out, look before you repeat it")
        try:
            async with asyncio.timeout(limit) as ours:
                return await self._answer(route, request, caller)
        except TimeoutError:
            if not ours.expired():
                raise
            return refuse(504, f"the service did not answer within {limit:.0f} s")

    async def _answer(self, route: Route, request: web.Request, caller: Caller) -> web.StreamResponse:
        """Whatever goes wrong is an answer: an order runs in a group that must not fall with it."""
        try:
            return await route.respond(request, self._served, caller)
        except (RunnerError, msgspec.MsgspecError, RefusedError, web.HTTPException) as error:
            return refusal_of(error)
        except ConnectionError:
            return refuse(400, "the connection was lost")
        except Exception:
            log.exception("api.bug", method=route.method, path=route.path)
            return refuse(500, "this is a bug of the runner: its operators find it in the log of the service")


@web.middleware
async def _in_our_words(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What aiohttp refuses by itself gets the shape of the other refusals."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return refusal_of(error)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _silent() -> logging.Logger:
    """What clients send that is no HTTP must not fill the log, and may hold tokens."""
    silent = logging.Logger("connections")
    silent.addHandler(logging.NullHandler())
    return silent
