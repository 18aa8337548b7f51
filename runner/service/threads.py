"""Work on a thread that nobody may leave in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def finished(work: Callable[[], T]) -> T:
    """What `work` gives, on a thread. Where we are cancelled meanwhile, its end is waited for all the same: a thread
    cannot be stopped, and what it writes must not come after what tidies up."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.wait([running])
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
    return await running
