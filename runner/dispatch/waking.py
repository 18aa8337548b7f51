"""Waking every worker of a store within a millisecond, in this process and in others.

Whoever has committed something to look at opens and closes a file; the kernel tells all that watch its directory
(inotify). Nothing is written, so that it works on a full disk too, and nothing is left behind by the dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from inotify_simple import INotify, flags

from runner.errors import StoreError

LIMITS = {errno.EMFILE: "fs.inotify.max_user_instances", errno.ENOSPC: "fs.inotify.max_user_watches"}


def wake(directory: Path) -> None:
    """Never fails: whom this does not reach looks with the next beat."""
    with contextlib.suppress(OSError):
        os.close(os.open(directory / "wake", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


@contextlib.contextmanager
def woken(directory: Path, call: Callable[[], None]) -> Iterator[None]:
    """`call` on this event loop whenever somebody wakes the workers of this directory. Raises StoreError."""
    with contextlib.ExitStack() as stack:
        try:
            notify = stack.enter_context(INotify())
            notify.add_watch(directory, flags.CLOSE_WRITE | flags.ONLYDIR)
        except OSError as error:
            cure = f": raise the sysctl {LIMITS[error.errno]}" if error.errno in LIMITS else ""
            raise StoreError(f"{directory} cannot be watched: {error.strerror}{cure}") from error

        def read() -> None:
            notify.read(timeout=0)
            call()

        loop = asyncio.get_running_loop()
        loop.add_reader(notify.fileno(), read)
        stack.callback(loop.remove_reader, notify.fileno())
        yield
