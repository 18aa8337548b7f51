"""Whether a request is let in: who sends it, how many they send, what they may do."""

from __future__ import annotations

import socket

from aiohttp import web

from runner.api.callers import NOBODY, Caller, Scope, peer
from runner.api.guards import check_host, check_origin
from runner.api.limits import Buckets
from runner.api.listeners import Listeners
from runner.api.refusals import RefusedError
from runner.api.routing import Route
from runner.api.served import Served

BEARER = "bearer "


class Admission:
    """Over the unix socket the kernel says who calls; over TCP a token does."""

    def __init__(self, served: Served, listeners: Listeners) -> None:
        self._served = served
        self._listeners = listeners
        self._buckets = Buckets()

    def admit(self, route: Route, request: web.Request) -> Caller:
        """Raises RefusedError."""
        if route.changes and route.scope is not Scope.NOTHING:  # what needs no scope is proven by what is sent
            check_origin(request)
        connection = request.get_extra_info("socket")
        if connection is None:
            raise RefusedError(400, "the connection was lost")
        caller = self._local(connection) if connection.family == socket.AF_UNIX else self._remote(route, request)
        if caller.scope < route.scope:
            raise RefusedError(403, f"{caller.name} may not do this: it needs the scope {route.scope}")
        return caller

    def _local(self, connection: socket.socket) -> Caller:
        try:
            return peer(connection, self._listeners.group)
        except OSError as error:
            raise RefusedError(403, f"the kernel does not say who calls: {error.strerror}") from error

    def _remote(self, route: Route, request: web.Request) -> Caller:
        """Wrong tokens count for the address that they come from."""
        server = self._served.settings.server
        check_host(request, server.listen, server.public_url)
        caller = self._bearer(request)
        if wait := self._buckets.wait_of(caller.key or f"address {request.remote}", server.rate_limit):
            raise RefusedError(429, "too many requests: wait a little", {"Retry-After": str(wait)})
        if caller is NOBODY and route.scope is not Scope.NOTHING:
            raise RefusedError(
                401, "this needs a good token: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
            )
        return caller

    def _bearer(self, request: web.Request) -> Caller:
        given = request.headers.get("Authorization", "")
        if not given.lower().startswith(BEARER):
            return NOBODY
        token = self._served.tokens.find(given[len(BEARER) :].strip())
        if token is None:
            return NOBODY
        return Caller(name=token.name, scope=Scope[token.scope.upper()], key=f"token {token.id}")
