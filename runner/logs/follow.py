"""Following a log while it is written: woken by the kernel (inotify), never by a timer."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from inotify_simple import INotify, flags

from runner.logs.reader import LogFile
from runner.logs.records import DamagedLogError, is_result, parse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from runner.logs.records import Record

APPEARS = flags.CREATE | flags.MOVED_TO | flags.ONLYDIR
CHANGES = flags.MODIFY | flags.ATTRIB  # ATTRIB: the file was deleted, perhaps


async def follow(path: Path) -> AsyncGenerator[Record, None]:
    """Every record of a log, from the first on, as it is written; else like `follow_lines`. Raises DamagedLogError."""
    number = 0
    async with aclosing(follow_lines(path)) as blocks:
        async for lines in blocks:
            for line in lines:
                number += 1
                try:
                    yield parse(line)
                except DamagedLogError as error:
                    raise DamagedLogError(f"{path}:{number}: {error}") from error


async def follow_lines(path: Path) -> AsyncGenerator[list[str], None]:
    """The lines of a log, not parsed, many at a time, as they are written; ends after the result record.

    The file need not be there yet, its directory must. Ends too when the file is deleted or cut. No line is left out
    or given twice. Raises FileNotFoundError (no directory). Close the iterator when you leave it early
    (`contextlib.aclosing`).
    """
    with INotify() as notify, _wakeups(notify) as changed:
        log = await _open(path, notify, changed)
        try:
            while True:
                changed.clear()  # before reading: what is written from here on wakes us
                if lines := log.next_lines():
                    yield lines
                    if is_result(lines[-1]):
                        return
                    await asyncio.sleep(0)  # a long log must not hold up the others on this loop
                elif log.is_whole():
                    await changed.wait()
                else:
                    return
        finally:
            log.close()


async def _open(path: Path, notify: INotify, changed: asyncio.Event) -> LogFile:
    """Open the log, waiting until it is there; from then on its changes set `changed`."""
    directory = None
    while True:
        changed.clear()
        try:
            log = LogFile(path)
        except FileNotFoundError:
            if directory is None:
                directory = notify.add_watch(path.parent, APPEARS)  # then look once more: it may be there by now
            else:
                await changed.wait()
        else:
            notify.add_watch(f"/proc/self/fd/{log.fileno()}", CHANGES)  # this very file, whatever `path` names by now
            if directory is not None:
                notify.rm_watch(directory)
            return log


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
