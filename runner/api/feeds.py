"""Logs that somebody follows: each is read once, whoever many look on.

A feed keeps the newest blocks of its log. A follower takes them from there; one that has fallen behind what is kept
reads the file again, at its own pace, so that a slow client holds neither memory nor the others.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from runner.api.log_blocks import Block, block_of, next_block, open_at, open_at_end
from runner.errors import RunnerError
from runner.logs.follow import follow_blocks
from runner.logs.records import DamagedLogError
from runner.service.threads import finished

KEPT_BYTES = 1024 * 1024
"""Of one log, at least one block."""
PACE_S = 0.0002
"""Pause after each block for each follower: so much of the loop's time is left to others."""
IDLE_S = 15.0
"""After how long without a record a follower is told that we are still there."""
LATE_S = 5.0
"""How long the last record may come after the recorded end of a build."""


class Feed:
    """One log that is followed. `next` is the number of the record that comes next."""

    def __init__(self, path: Path, ended: Callable[[], Awaitable[None]]) -> None:
        """`ended` returns when the end of the build is recorded."""
        self.followers = 0
        self.over = False
        self.failure: str | None = None
        """Why it could not be read on."""
        self.next = 1
        self.changed = asyncio.Event()
        """Set when something has come; then another one takes its place."""
        self._path = path
        self._ended = ended
        self._kept: list[Block] = []
        self._size = 0

    async def run(self) -> None:
        """Read until the last record, or until it cannot be read on."""
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._read())
                watching = group.create_task(self._give_up(reading))
                await asyncio.wait([reading])
                watching.cancel()
        except* (RunnerError, OSError) as errors:
            self.failure = str(errors.exceptions[0])
        finally:
            self.over = True
            self._tell()

    def at(self, seq: int) -> Block | None:
        """The rest of the block that this record is in; None where it is not kept."""
        index = bisect_right(self._kept, seq, key=lambda block: block.first) - 1
        if index < 0 or seq >= self._kept[index].next:
            return None
        return self._kept[index].since(seq)

    async def _read(self) -> None:
        reader = None
        if await asyncio.to_thread(self._path.exists):
            reader, over = await finished(lambda: open_at_end(self._path))
            self.next = reader.next_seq
            if over:
                reader.close()
                return
            self._tell()
        async with aclosing(follow_blocks(self._path, reader)) as blocks:
            async for lines, source in blocks:
                self._keep(block_of("\n".join([*lines, ""]).encode("utf-8", "replace"), source))
                await asyncio.sleep(self.followers * PACE_S)

    async def _give_up(self, reading: asyncio.Task[None]) -> None:
        """A build that never began, or whose process was killed, may leave no last record."""
        await self._ended()
        await asyncio.sleep(LATE_S)
        reading.cancel()

    def _keep(self, block: Block) -> None:
        self._kept.append(block)
        self._size += len(block.data)
        while self._size > KEPT_BYTES and len(self._kept) > 1:
            self._size -= len(self._kept.pop(0).data)
        self.next = block.next
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Feeds:
    """The feeds of all logs that are followed now; `run` is the task that reads them."""

    def __init__(self) -> None:
        self._feeds: dict[Path, Feed] = {}
        self._tasks: dict[Path, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()

    async def run(self, until: asyncio.Event) -> None:
        """Read until the event is set; then all feeds end."""
        async with self._group:
            await until.wait()
            for task in self._tasks.values():
                task.cancel()

    @contextmanager
    def followed(self, path: Path, ended: Callable[[], Awaitable[None]]) -> Iterator[Feed]:
        """The feed of a log; it ends when nobody follows it any more."""
        feed = self._feeds.get(path)
        if feed is None:
            feed = self._feeds[path] = Feed(path, ended)
            self._tasks[path] = self._group.create_task(feed.run(), name=f"feed {path.parent.name}")
        feed.followers += 1
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                del self._feeds[path]
                self._tasks.pop(path).cancel()


async def follow(feed: Feed, path: Path, seq: int) -> AsyncGenerator[Block | None, None]:
    """The blocks of a log from this record on, as they come, up to the last one; None where nothing has come for a
    while. Raises FileNotFoundError, DamagedLogError."""
    while True:
        changed = feed.changed
        if (block := feed.at(seq)) is not None:
            seq = block.next
            yield block
            if block.is_last:
                return
        elif seq < feed.next:
            before = seq
            async with aclosing(stored(path, seq)) as blocks:
                async for block in blocks:
                    seq = block.next
                    yield block
                    if block.is_last:
                        return
                    if feed.at(seq) is not None:
                        break
            if seq == before:
                return  # it was cut while we looked
        elif feed.failure is not None:
            raise DamagedLogError(feed.failure)
        elif feed.over:
            return
        else:
            try:
                async with asyncio.timeout(IDLE_S) as ours:
                    await changed.wait()
            except TimeoutError:
                if not ours.expired():
                    raise
                yield None


async def stored(path: Path, seq: int) -> AsyncGenerator[Block, None]:
    """The blocks of a log that are there now, from this record on. Raises FileNotFoundError, DamagedLogError."""
    reader = await finished(lambda: open_at(path, seq))
    try:
        while (block := await next_block(reader)) is not None:
            if block.next > seq:
                yield block.since(seq)
    finally:
        reader.close()
