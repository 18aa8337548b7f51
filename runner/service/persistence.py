"""Going on although the store cannot be used for a while: what has happened is not forgotten because a disk is full."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from runner.errors import StoreError

T = TypeVar("T")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0


class Persist(Protocol):
    """Calls something that uses the store: once, or until the store can be used."""

    async def __call__(self, ask: Callable[[], Awaitable[T]]) -> T: ...


async def once(ask: Callable[[], Awaitable[T]]) -> T:
    """For those who wait for the answer themselves. Raises StoreError."""
    return await ask()


def persistently(told: Callable[[StoreError, float], None]) -> Persist:
    """For what must happen; `told` hears each failure, and in how many seconds it is tried again."""

    async def persist(ask: Callable[[], Awaitable[T]]) -> T:
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await ask()
            except StoreError as error:
                told(error, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    return persist
