"""Errors as the answers that clients get: a status, a code for machines, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from runner.api.shapes import Error, Refusal
from runner.api.wording import sentence
from runner.errors import ConflictError, NotFoundError, RunnerError, StoreError, UsageError

CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "too_large",
    421: "misdirected",
    429: "too_many_requests",
    431: "header_too_large",
    500: "internal_error",
    503: "unavailable",
    504: "timeout",
}


@dataclass(slots=True)
class RefusedError(Exception):
    """The API refuses a request by itself."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(Refusal(error=Error(code=CODES.get(status, "error"), message=message)))
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def refusal_of(error: RunnerError | msgspec.MsgspecError | RefusedError | web.HTTPException) -> web.Response:
    """The answer for an error that is not a bug of ours."""
    match error:
        case RefusedError():
            return refuse(error.status, error.message, error.headers)
        case NotFoundError():
            return refuse(404, str(error))
        case ConflictError():
            return refuse(409, str(error))
        case UsageError():
            return refuse(400, str(error))
        case msgspec.MsgspecError():
            return refuse(400, sentence(error))
        case StoreError():
            return refuse(503, str(error), {"Retry-After": "5"})
        case RunnerError():
            return refuse(500, str(error))
        case web.HTTPException():
            return _of_aiohttp(error)


def _of_aiohttp(error: web.HTTPException) -> web.Response:
    match error.status:
        case 404:
            return refuse(404, "there is nothing at this path: see /api/v1/openapi.json")
        case 405:
            return refuse(405, "this path does not take this method", {"Allow": error.headers.get("Allow", "")})
        case 413:
            return refuse(413, "the body is larger than server.body_limit of the settings")
        case _:
            return refuse(error.status, error.reason)
