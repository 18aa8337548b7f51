"""Talking to the process that leads a run: any process of the same user can cancel its builds.

One JSON object a line, answered by one: `{"do": "cancel", "build": 7, "reason": "…"}`, `{"do": "stop", "reason": "…"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from runner.errors import RunnerError
from runner.execution.sockets import connect, listen

ANSWER_LIMIT_S = 5.0
"""How long a leader may take to answer before it counts as stuck."""


class Led(Protocol):
    """The run that is talked about."""

    def cancel(self, build_id: int, reason: str) -> None: ...

    def interrupt(self, reason: str) -> None: ...


@contextlib.asynccontextmanager
async def listening(path: Path, run: Led) -> AsyncIterator[None]:
    """Answer others for as long as this is open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            async for line in reader:
                writer.write(json.dumps(_answer(line, run)).encode() + b"\n")
                await writer.drain()

    taken = socket.socket(fileno=listen(path.parent, path.name).detach())
    server = await asyncio.start_unix_server(serve, sock=taken)
    try:
        yield
    finally:
        server.close()
        await asyncio.to_thread(path.unlink, missing_ok=True)


def ask(path: Path, command: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tell the leader of a run something and give its answer; blocks. Raises RunnerError where nobody answers."""
    try:
        with socket.socket(fileno=connect(path.parent, path.name).detach()) as connection:
            connection.settimeout(ANSWER_LIMIT_S)
            connection.sendall(json.dumps(command).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer: Mapping[str, Any] = json.loads(answers.readline())
                return answer
    except (OSError, ValueError) as error:
        raise RunnerError(f"the process that leads this run does not answer: {error}") from error


def _answer(line: bytes, run: Led) -> Mapping[str, Any]:
    try:
        command = json.loads(line)
        reason = str(command["reason"])
        match command["do"]:
            case "cancel":
                run.cancel(int(command["build"]), reason)
                return {"ok": True}
            case "stop":
                run.interrupt(reason)
                return {"ok": True}
            case other:
                return {"error": f"unknown command {other!r}"}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": f"this is no command: {error!r}"}
