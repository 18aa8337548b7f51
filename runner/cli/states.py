"""Where saved state is asked for: the store of this directory, or a service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from runner.cli import options, remote

if TYPE_CHECKING:
    from runner.client.client import Client
    from runner.store.saved import ListedFile, SavedState
    from runner.store.store import Store


class States(Protocol):
    """All methods raise NotFoundError or NotThereError for what is not there, StoreError or ServiceError."""

    def states(self) -> list[SavedState]: ...

    def state(self, name: str, number: int | None) -> tuple[SavedState, list[ListedFile]]: ...

    def content(self, name: str, number: int | None, path: str) -> bytes: ...

    def forget(self, name: str, number: int | None) -> tuple[int, int, int]:
        """How many versions have no files any more, how many contents went, and their bytes."""


@contextlib.contextmanager
def states_of(ctx: click.Context, directory: Path, host: str | None) -> Iterator[States]:
    """Raises UsageError where there is no store."""
    if host:
        remote.refuse_with_host(ctx, "directory")
        yield OfService(remote.client_of(host))
        return
    from runner.store.store import Store

    store = Store(options.store_directory(directory))
    with asyncio.Runner() as runner:
        runner.run(store.open())
        try:
            yield OfStore(store, runner)
        finally:
            runner.run(store.close())


@dataclass(frozen=True, slots=True)
class OfStore:
    store: Store
    runner: asyncio.Runner

    def states(self) -> list[SavedState]:
        from runner.store import saved

        return self.runner.run(self.store.read(saved.states))

    def state(self, name: str, number: int | None) -> tuple[SavedState, list[ListedFile]]:
        from runner.store import saved

        found = self.runner.run(self.store.read(lambda tx: saved.state(tx, name, number)))
        return found, self.runner.run(self.store.read(lambda tx: saved.files(tx, found.digest)))

    def content(self, name: str, number: int | None, path: str) -> bytes:
        from runner.store import saved

        return self.runner.run(self.store.read(lambda tx: saved.content(tx, name, number, path)))

    def forget(self, name: str, number: int | None) -> tuple[int, int, int]:
        from runner.service.forgetting import forget_state

        gone = self.runner.run(forget_state(self.store, name, number))
        return gone.versions, gone.files, gone.bytes


@dataclass(frozen=True, slots=True)
class OfService:
    client: Client

    def states(self) -> list[SavedState]:
        from runner.client import saved

        return saved.states(self.client)

    def state(self, name: str, number: int | None) -> tuple[SavedState, list[ListedFile]]:
        from runner.client import saved

        return saved.state(self.client, name, number)

    def content(self, name: str, number: int | None, path: str) -> bytes:
        from runner.client import saved

        return saved.content(self.client, name, number, path)

    def forget(self, name: str, number: int | None) -> tuple[int, int, int]:
        from runner.client import saved

        return saved.forget(self.client, name, number)
