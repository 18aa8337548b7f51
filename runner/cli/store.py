"""The store as a command opens it: what a killed process has left is looked after first."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import click

from runner.store.store import Store


@contextlib.asynccontextmanager
async def opened(directory: Path, *, wait: bool = False) -> AsyncIterator[Store]:
    """The store in a `.runner/` directory. Runs whose process is gone are ended or led again; a supervisor that is
    still ending its job is waited for where that is wanted."""
    store = Store(directory)
    await store.open()
    try:
        if await store.runs.dead():
            from runner.app import settle

            await settle(store, _notice, wait=wait)
        yield store
    finally:
        await store.close()


def _notice(text: str) -> None:
    click.echo(f"runner: {text}", err=True)
