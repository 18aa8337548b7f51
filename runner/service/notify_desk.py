"""Where jobs have something told with integrations whose secrets they do not get.

A unix socket at the same place for as long as the state is there, so that a job that outlives a restart finds it again.
A request is a line of JSON and a body, as is its answer: `{"token", "integration", "method", "path", "headers",
"length"}`, then so many bytes; `{"host", "status", "length"}` and so many bytes, or `{"error"}` with a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from runner.errors import RunnerError
from runner.execution.sockets import listen
from runner.integrations.keeping_back import is_kept_back
from runner.integrations.model import ResolvedIntegration
from runner.private_file import write_whole
from runner.secret import Secret
from runner.store import views
from runner.store.rows import BuildRow
from runner.store.store import Store
from runner.workspace.variables import Variable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runner.notifications.forwarding import Reply, Request
    from runner.service.engine import Engine

SOCKET, KEY = "notify.sock", "notify.key"
PLACE_VARIABLE, TOKEN_VARIABLE = "SHIPPABLE_NOTIFY", "SHIPPABLE_NOTIFY_TOKEN"
HEAD = 64 * 1024
MOST = 32 * 1024**2
"""Bytes of a request: a file for Jira may be in it."""
ASKING_S = 90.0
"""How long a request may take from its first byte to the end of its answer."""
AT_ONCE = 16
KEY_BYTES = 32

Forward: TypeAlias = "Callable[[ResolvedIntegration, Request], Awaitable[Reply]]"


class _RefusedError(RunnerError):
    """The request is not carried out; the sentence is the answer."""


class NotifyDesk:
    """`engine_of` gives the engine of a build: what its job has is known there."""

    def __init__(self, store: Store, engine_of: Callable[[BuildRow], Awaitable[Engine]]) -> None:
        self._store = store
        self._engine_of = engine_of
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._key = b""

    async def open(self) -> AbstractAsyncContextManager[None]:
        """Listen, and answer for as long as what this gives is open. Raises OSError."""
        directory = self._store.directory
        self._key = await asyncio.to_thread(_key, directory / KEY)
        taken = socket.socket(fileno=listen(directory, SOCKET).detach())
        # Job users come by the same way as to their builds; what counts is the token.
        (directory / SOCKET).chmod(0o666)
        return self._serving(await asyncio.start_unix_server(self._serve, sock=taken, limit=HEAD))

    def variables(self, build_id: int) -> tuple[Variable, ...]:
        """How a job finds its way here; the token is worth something while the build runs."""
        place = str(self._store.directory / SOCKET)
        return (
            Variable(PLACE_VARIABLE, place, "notifications"),
            Variable(TOKEN_VARIABLE, self._token(build_id), "notifications", secret=True),
        )

    def secret_of(self, build_id: int) -> Secret:
        return Secret(self._token(build_id))

    @asynccontextmanager
    async def _serving(self, server: asyncio.Server) -> AsyncIterator[None]:
        try:
            yield
        finally:
            server.close()

    def _token(self, build_id: int) -> str:
        return f"{build_id}.{hmac.digest(self._key, str(build_id).encode(), hashlib.sha256).hex()}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError), contextlib.closing(writer):
            async with asyncio.timeout(ASKING_S), self._slots:
                head, body = await self._answer(reader)
                writer.write(json.dumps(head).encode() + b"\n" + body)
                await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
        try:
            integration, request = await self._read(reader)
            from runner.notifications.forwarding import forward  # only who is asked needs aiohttp

            reply = await forward(integration, request)
        except RunnerError as error:
            return {"error": str(error)}, b""
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, asyncio.IncompleteReadError):
            return {"error": "this is no request of shipctl"}, b""
        return {"host": reply.host, "status": reply.status, "length": len(reply.body)}, reply.body

    async def _read(self, reader: asyncio.StreamReader) -> tuple[ResolvedIntegration, Request]:
        from runner.notifications.forwarding import Request

        asked = json.loads(await reader.readline())
        build = await self._build(str(asked["token"]))
        integration = await self._integration(build, str(asked["integration"]))
        length = int(asked["length"])
        if not 0 <= length <= MOST:
            raise _RefusedError(f"it is larger than {MOST // 1024**2} MiB")
        headers = {str(name): str(value) for name, value in dict(asked["headers"]).items()}
        body = await reader.readexactly(length)
        return integration, Request(method=str(asked["method"]), path=str(asked["path"]), headers=headers, body=body)

    async def _build(self, token: str) -> BuildRow:
        number = token.partition(".")[0]
        known = number.isascii() and number.isdigit() and len(number) < 19
        known = known and hmac.compare_digest(self._token(int(number)).encode(), token.encode("utf-8", "replace"))
        row = await self._store.read(lambda tx: views.build(tx, int(number))) if known else None
        if row is None or row.ended_at is not None:
            raise _RefusedError("the token of this job is unknown or its build has ended")
        return row

    async def _integration(self, build: BuildRow, name: str) -> ResolvedIntegration:
        engine = await self._engine_of(build)
        job = engine.jobs.get(build.job)
        if job is None or name not in engine.inputs.names_of(job):
            raise _RefusedError(f"this job has no integration '{name}'")
        integration = await engine.inputs.resolved(name)
        if not is_kept_back(integration):
            raise _RefusedError(f"the integration '{name}' is delivered to jobs: they send by themselves")
        return integration


def _key(path: Path) -> bytes:
    """The key that tokens are made with; made where there is none, or none that is whole: with an empty one everybody
    could make tokens. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        if len(key := path.read_bytes()) == KEY_BYTES:
            return key
    made = secrets.token_bytes(KEY_BYTES)
    write_whole(path, made, 0o600, replace=True)
    return made
