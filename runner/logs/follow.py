"""Following a log while it is written: woken by the kernel (inotify), never by a timer."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inotify_simple import INotify, flags

from runner.logs.reader import LogReader
from runner.logs.records import is_result
from runner.logs.segments import parts_directory

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from runner.logs.records import Record

CHANGES = flags.MODIFY | flags.CREATE | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE | flags.ONLYDIR


async def follow(path: Path) -> AsyncGenerator[Record, None]:
    """Every record of a log as it is written; else like `follow_lines`. Raises DamagedLogError."""
    async with aclosing(follow_blocks(path)) as blocks:
        async for lines, source in blocks:
            for record in source.parse(lines):
                yield record


async def follow_lines(path: Path) -> AsyncGenerator[list[str], None]:
    """The lines of a log, not parsed, many at a time, as they are written; ends after the result record.

    The log need not be there yet, its directory must. Ends too when the log is deleted or cut. No line is left out or
    given twice, whoever writes and whatever becomes of the files. Raises FileNotFoundError (no directory) and
    DamagedLogError. Close the iterator when you leave it early (`contextlib.aclosing`).
    """
    async with aclosing(follow_blocks(path)) as blocks:
        async for lines, _ in blocks:
            yield lines


async def follow_blocks(
    path: Path, reader: LogReader | None = None
) -> AsyncGenerator[tuple[list[str], LogReader], None]:
    """`follow_lines` together with the reader, which can parse them and is closed in the end. `reader`: go on where it
    stands, instead of at the beginning."""
    with INotify() as notify, _wakeups(notify) as changed:
        notify.add_watch(path.parent, CHANGES)
        log = reader or await _open(path, changed)
        try:
            while True:
                changed.clear()  # before reading: what is written from here on wakes us
                _watch_parts(path, notify)
                if lines := log.next_lines():
                    yield lines, log
                    if is_result(lines[-1]):
                        return
                    await asyncio.sleep(0)  # a long log must not hold up the others on this loop
                elif log.is_whole():
                    await changed.wait()
                else:
                    return
        finally:
            log.close()


async def _open(path: Path, changed: asyncio.Event) -> LogReader:
    """Open the log, waiting until it is there."""
    while True:
        changed.clear()
        try:
            return LogReader(path)
        except FileNotFoundError:
            await changed.wait()


def _watch_parts(path: Path, notify: INotify) -> None:
    """Hear of the segments after the head too, from the moment on in which their directory is there."""
    parts = Path(parts_directory(str(path)))
    if parts.is_dir():
        notify.add_watch(parts, CHANGES)  # again and again is the same as once


@contextmanager
def _wakeups(notify: INotify) -> Iterator[asyncio.Event]:
    """An event that is set whenever the kernel reports something."""
    changed = asyncio.Event()

    def wake() -> None:
        notify.read(timeout=0)
        changed.set()

    loop = asyncio.get_running_loop()
    loop.add_reader(notify.fileno(), wake)
    try:
        yield changed
    finally:
        loop.remove_reader(notify.fileno())
