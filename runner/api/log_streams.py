"""The log of a build over HTTP: its records as they stand in the file, or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import structlog
from aiohttp import web

from runner.api.build_shapes import LogParams
from runner.api.callers import Caller
from runner.api.feeds import Feed, Feeds, follow, stored
from runner.api.log_blocks import Block, first_of_tail
from runner.api.refusals import RefusedError
from runner.api.routing import read_params
from runner.api.served import Served
from runner.api.shapes import LARGEST
from runner.errors import NotFoundError, RunnerError, StoreError, UsageError
from runner.service.threads import finished
from runner.store.rows import BuildRow

NDJSON, SSE = "application/x-ndjson", "text/event-stream"
LAST_ID = "Last-Event-ID"
HEADERS = {LAST_ID: "The record that was read last: what follows it comes. Goes before `from`."}
PIECE = 64 * 1024
"""Bytes that are given to a connection at a time: so much a client that does not read can hold, and as much again."""
BEAT = b": still here\n\n"
END = b"event: end\ndata: {}\n\n"
FEEDS: web.AppKey[Feeds] = web.AppKey("feeds", Feeds)

log = structlog.stdlib.get_logger("runner.api")


async def stream_log(request: web.Request, served: Served, caller: Caller) -> web.StreamResponse:
    """Raises NotFoundError, UsageError, StoreError, DamagedLogError before the first record; later ones break the
    connection off."""
    asked = read_params(request, LogParams)
    row = await served.questions.build(asked.id)
    path = served.store.build_directory(row.id) / "log.jsonl"
    await asyncio.to_thread(_prepare, path, row, following=asked.follow)
    start = await _start(request, asked, path)
    sse = SSE in request.headers.get("Accept", "")
    if not asked.follow:
        return await _send(request, _there(path, start), sse=sse)
    if served.stopping.is_set():
        raise RefusedError(503, "the service is stopping: ask again in a moment", {"Retry-After": "2"})
    with request.app[FEEDS].followed(path, lambda: _ended(served, row.id)) as feed:
        return await _send(request, _live(feed, path, start), sse=sse)


def _prepare(path: Path, row: BuildRow, *, following: bool) -> None:
    """See that there is a log, or will be: the directory of a build that waits is made for whoever waits with it."""
    if path.exists():
        return
    if row.ended_at is not None:
        raise NotFoundError(f"build {row.id} has no log: it never began, or the log was removed")
    if following:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _start(request: web.Request, asked: LogParams, path: Path) -> int:
    """The number of the first record that is wanted."""
    last = request.headers.get(LAST_ID, "").strip()
    if last:
        if not (last.isascii() and last.isdigit() and int(last) < LARGEST):
            raise UsageError(f"{LAST_ID} is the number of a record")
        return int(last) + 1
    if asked.from_ is not None:
        if asked.tail is not None:
            raise UsageError("from and tail do not go together: give one of them")
        return asked.from_
    if asked.tail is None:
        return 1
    count = asked.tail
    try:
        return await finished(lambda: first_of_tail(path, count))
    except FileNotFoundError:
        return 1


async def _there(path: Path, start: int) -> AsyncGenerator[Block | None, None]:
    try:
        async with aclosing(stored(path, start)) as blocks:
            async for block in blocks:
                yield block
    except FileNotFoundError:
        return  # nothing was written yet


async def _live(feed: Feed, path: Path, start: int) -> AsyncGenerator[Block | None, None]:
    async with aclosing(follow(feed, path, start)) as blocks:
        async for block in blocks:
            yield block


async def _send(request: web.Request, blocks: AsyncGenerator[Block | None, None], *, sse: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": SSE if sse else NDJSON, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    try:
        async with aclosing(blocks):
            async for block in blocks:
                if block is not None:
                    await _write(response, block.events if sse else block.data)
                    if block.is_last and sse:
                        await response.write(END)
                elif sse:
                    await response.write(BEAT)
        await response.write_eof()
    except (RunnerError, OSError) as error:
        if not isinstance(error, ConnectionError):
            log.warning("api.stream_broken", path=request.path, error=str(error))
        if request.transport is not None:
            request.transport.abort()  # an end in good order would say that this was all
    return response


async def _write(response: web.StreamResponse, data: bytes) -> None:
    """Each piece waits until the client has taken what came before, and lets the others have their turn."""
    whole = memoryview(data)
    for at in range(0, len(whole), PIECE):
        await response.write(whole[at : at + PIECE])
        if at + PIECE < len(whole):
            await asyncio.sleep(0)


async def _ended(served: Served, build: int) -> None:
    """Returns when the end of the build is recorded and nothing of it runs here (hooks of the host come after its end),
    or it is not there any more."""
    while True:
        changed = served.decisions.changed
        try:
            if (await served.questions.build(build)).ended_at is not None and build not in served.building.running:
                return
        except NotFoundError:
            return
        except StoreError:
            pass  # asked again after the next change
        await changed.wait()
