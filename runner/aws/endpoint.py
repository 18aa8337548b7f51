"""The container-credentials endpoint on 127.0.0.1: where the SDKs in a job get their credentials.

Source of the protocol: what botocore, the SDKs for JavaScript, Go and Java and their documents require of
`AWS_CONTAINER_CREDENTIALS_FULL_URI`: an address of digits, a path, the token verbatim in `Authorization`.
"""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web

from runner.aws.lease import Assumed, AssumeRequest, token_digest

PATH = "/v1/credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why there are no credentials: a 4xx is for good, a 429 or 5xx may be tried again."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    request: AssumeRequest
    credentials: Assumed


class Desk(Protocol):
    """Who knows the tokens. The digest is of `token_digest`."""

    def hand_out(self, digest: bytes) -> Granted | Refused: ...


class Endpoint:
    """Serves `GET /v1/credentials` on 127.0.0.1 while it is open: on `listening`, a socket that somebody keeps open for
    us, or on `port` if that can be had, else on a free one. `moved` says that it could not."""

    def __init__(self, desk: Desk, port: int = 0, listening: socket.socket | None = None) -> None:
        self.port = port
        self.moved = False
        self._listening = listening
        self._desk = desk
        self._stack = AsyncExitStack()
        self._host = ""

    @property
    def uri(self) -> str:
        return f"http://{self._host}{PATH}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self._stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await self._listen(runner)
        host, self.port = runner.addresses[0][:2]
        self._host = f"{host}:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _listen(self, runner: web.AppRunner) -> None:
        if self._listening is not None:
            await web.SockSite(runner, self._listening, backlog=512).start()
            return
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port, backlog=512).start()
        except OSError:
            if not self.port:
                raise
            self.moved = True
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()

    async def _answer(self, request: web.Request) -> web.Response:
        answer = self._misplaced(request) or self._desk.hand_out(token_digest(request.headers.get("Authorization", "")))
        headers = {"Cache-Control": "no-store"}
        match answer:
            case Granted():
                return web.json_response(_document(answer), headers=headers)
            case Refused():
                # One spelling is Go's, the other one JavaScript's.
                spelled = {"code": answer.code, "message": answer.message}
                body = spelled | {"Code": answer.code, "Message": answer.message}
                return web.json_response(body, status=answer.status, headers=headers)

    def _misplaced(self, request: web.Request) -> Refused | None:
        """What no SDK sends: a web page in a browser (DNS rebinding), a proxy, another method or path."""
        if request.headers.getall("Host", []) != [self._host]:
            return Refused(status=403, code="BadHost", message=f"This endpoint answers only as {self._host}.")
        if "X-Forwarded-For" in request.headers or "Origin" in request.headers:
            message = "This endpoint answers neither proxies nor web pages, only the SDKs of a job."
            return Refused(status=403, code="NotForwarded", message=message)
        if request.path != PATH:
            return Refused(status=404, code="NotFound", message=f"The credentials of a job are at {PATH}.")
        if request.method != "GET":
            return Refused(status=405, code="MethodNotAllowed", message="Credentials are read with GET.")
        return None


def _document(granted: Granted) -> dict[str, str]:
    assumed = granted.credentials
    return {
        "AccessKeyId": assumed.access_key_id,
        "SecretAccessKey": assumed.secret_access_key.reveal(),
        "Token": assumed.session_token.reveal(),
        "Expiration": assumed.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AccountId": assumed.identity.account,
        "RoleArn": str(granted.request.role),
    }
