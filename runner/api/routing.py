"""A route of the API as a value, and what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from runner.api.callers import Caller, Scope
from runner.api.refusals import RefusedError
from runner.api.served import Served
from runner.api.shapes import NoBody, NoParams

P = TypeVar("P", bound=msgspec.Struct)
B = TypeVar("B", bound=msgspec.Struct)
R = TypeVar("R", bound=msgspec.Struct)
Respond = Callable[[web.Request, Served, Caller], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[P, B]):
    """One request, parsed. `params` are those of the path and of the query together."""

    served: Served
    caller: Caller
    params: P
    body: B
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`path` as aiohttp has it; `answer` None: what is answered is no JSON of ours but of `content` types.
    `also` are other statuses that come with the same answer."""

    method: str
    path: str
    scope: Scope
    summary: str
    respond: Respond
    params: type[msgspec.Struct] = NoParams
    body: type[msgspec.Struct] = NoBody
    answer: type[msgspec.Struct] | None = None
    status: int = 200
    content: tuple[str, ...] = ("application/json",)
    headers: Mapping[str, str] | None = None
    refusals: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    stream: bool = False

    @property
    def changes(self) -> bool:
        """Whether it changes something: then it is carried through even if nobody waits for the answer any more."""
        return self.method != "GET"


def route(
    method: str,
    path: str,
    scope: Scope,
    does: Callable[[Call[P, B]], Awaitable[R]],
    answer: type[R],
    *,
    summary: str,
    params: type[P] = NoParams,  # type: ignore[assignment]  # a default of a type variable (PEP 696) is for 3.13
    body: type[B] = NoBody,  # type: ignore[assignment]
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    refusals: tuple[int, ...] = (),
) -> Route:
    """A route that takes and gives JSON. `headers` are those it reads, each with its description; `refusals` the
    statuses that it may refuse with beside those that any route may."""

    async def respond(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
        call = Call(
            served=served,
            caller=caller,
            params=read_params(request, params),
            body=await read_body(request, body, served),
            headers=request.headers,
        )
        return web.Response(status=status, body=msgspec.json.encode(await does(call)), content_type="application/json")

    return Route(
        method=method,
        path=path,
        scope=scope,
        summary=summary,
        respond=respond,
        params=params,
        body=body,
        answer=answer,
        status=status,
        headers=headers,
        refusals=refusals,
    )


def read_params(request: web.Request, type_: type[P]) -> P:
    """Those of the path and of the query. Raises msgspec.ValidationError."""
    given = {**request.query, **request.match_info}
    if len(given) != len(request.query) + len(request.match_info):
        raise msgspec.ValidationError("a parameter is given twice")
    return msgspec.convert(given, type_, strict=False)


async def read_body(request: web.Request, type_: type[B], served: Served) -> B:
    """Raises msgspec.MsgspecError, RefusedError."""
    limit = served.settings.server.request_timeout.total_seconds() / 2  # the other half is for the answer
    try:
        async with asyncio.timeout(limit) as ours:
            text = await request.read()
    except TimeoutError:
        if not ours.expired():
            raise
        raise RefusedError(408, f"the body did not come within {limit:g} s") from None
    if type_ is NoBody and not text:
        return type_()
    return msgspec.json.decode(text or b"{}", type=type_)
