"""The OpenAPI document, made of the routes and of the structs that they take and give."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import msgspec
from aiohttp import web

from runner.api.callers import Caller, Scope
from runner.api.routing import Route
from runner.api.served import Served
from runner.api.shapes import NoBody, Refusal
from runner.pipeline.plain import Json

REF = "#/components/schemas/{name}"
ALWAYS = (400, 401, 403, 408, 413, 421, 429, 500, 503, 504)
"""What any route may answer."""
OPEN = (400, 421, 429, 500, 503)
"""What those may that anybody may ask."""


class Documented:
    """The document, made when somebody asks for it first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    @functools.cached_property
    def encoded(self) -> bytes:
        return msgspec.json.encode(document(self._routes))


DOCUMENTED: web.AppKey[Documented] = web.AppKey("documented", Documented)


async def openapi(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
    return web.Response(body=request.app[DOCUMENTED].encoded, content_type="application/json")


def document(routes: Sequence[Route]) -> Json:
    """OpenAPI 3.1.0."""
    types = {type_ for route in routes for type_ in (route.params, route.body, route.answer, Refusal) if type_}
    in_order = sorted(types, key=lambda type_: type_.__name__)
    _, schemas = msgspec.json.schema_components(in_order, ref_template=REF)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "shippable-runner",
            "version": version("shippable-runner"),
            "description": "The service that runs shippable.yml pipelines.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: dict[str, Json]) -> Json:
    open_to_all = route.scope is Scope.NOTHING and not route.changes
    refusals = {*(OPEN if open_to_all else ALWAYS), *route.refusals}
    operation: dict[str, Json] = {
        "operationId": f"{route.method.lower()}{re.sub('[^a-zA-Z0-9]+', '_', route.path).rstrip('_')}",
        "summary": route.summary,
        "parameters": [*_params(route, schemas), *_headers(route)],
        "responses": {
            **{str(status): _refusal() for status in sorted(refusals)},
            **{
                str(status): {"description": route.summary, "content": _content(route)}
                for status in (route.status, *route.also)
            },
        },
        "security": [] if route.scope is Scope.NOTHING else [{"token": []}],
        "x-scope": str(route.scope),
    }
    if route.body is not NoBody:
        operation["requestBody"] = {
            "content": {"application/json": {"schema": {"$ref": REF.format(name=route.body.__name__)}}},
            "required": bool(schemas[route.body.__name__].get("required")),
        }
    return operation


def _params(route: Route, schemas: dict[str, Json]) -> Iterator[Json]:
    schema = schemas[route.params.__name__]
    in_path = set(re.findall(r"{(\w+)}", route.path))
    for name, each in schema["properties"].items():
        yield {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path or name in schema.get("required", ()),
            "schema": each,
        }


def _headers(route: Route) -> Iterator[Json]:
    for name, text in (route.headers or {}).items():
        yield {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}


def _content(route: Route) -> Json:
    schema: Json = {"type": "string"} if route.answer is None else {"$ref": REF.format(name=route.answer.__name__)}
    return {content: {"schema": schema} for content in route.content}


def _refusal() -> Json:
    schema = {"$ref": REF.format(name=Refusal.__name__)}
    return {"description": "refused", "content": {"application/json": {"schema": schema}}}
