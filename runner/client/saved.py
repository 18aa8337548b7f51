"""Saved state, as a service tells of it and gives it."""

from __future__ import annotations

from datetime import datetime

from runner.client.client import Client, segment
from runner.client.shapes import Raw
from runner.store.saved import ListedFile, SavedState


def states(client: Client) -> list[SavedState]:
    return client.get("/state", lambda raw: list(map(read_state, raw["states"])))


def state(client: Client, name: str, number: int | None) -> tuple[SavedState, list[ListedFile]]:
    return client.get(
        f"/state/{segment(name)}",
        lambda raw: (read_state(raw["state"]), list(map(_file, raw["files"]))),
        version=number,
    )


def content(client: Client, name: str, number: int | None, path: str) -> bytes:
    return client.content(f"/state/{segment(name)}/content", version=number, path=path)


def forget(client: Client, name: str, number: int | None) -> tuple[int, int, int]:
    """How many versions have no files any more, how many contents went, and their bytes."""
    return client.delete(
        f"/state/{segment(name)}",
        lambda raw: (int(raw["versions"]), int(raw["files"]), int(raw["bytes"])),
        version=number,
    )


def read_state(raw: Raw) -> SavedState:
    """Raises as every `read_…` of shapes."""
    return SavedState(
        name=str(raw["name"]),
        kind=str(raw["kind"]),
        type=str(raw["type"]),
        version=int(raw["version"]),
        version_name=raw["versionName"],
        build=raw["build"],
        saved_at=datetime.fromisoformat(raw["saved_at"]),
        files=int(raw["files"]),
        bytes=int(raw["bytes"]),
        digest=str(raw["digest"]),
    )


def _file(raw: Raw) -> ListedFile:
    return ListedFile(str(raw["path"]), int(raw["mode"], 8), int(raw["bytes"]))
