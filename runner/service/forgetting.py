"""Giving up what a job or resource has saved."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from runner.store import saved
from runner.store.removing import remove_files
from runner.store.store import Store


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many versions have no files any more, and the contents that went because nothing else has them."""

    versions: int
    files: int
    bytes: int


async def forget_state(store: Store, name: str, number: int | None) -> Forgotten:
    """Of all versions, or of version `number`. The next build starts without saved state where it was the newest one.
    What a crash leaves of the contents goes with retention. Raises NotFoundError, StoreError."""
    versions, sets = await store.transaction(lambda tx: saved.forget(tx, name, number))
    files = size = 0
    while sets:
        removed = await store.transaction(functools.partial(remove_files, digests=tuple(sets)))
        files, size, sets = files + removed.files, size + removed.bytes, sets[removed.sets :]
    return Forgotten(versions, files, size)
