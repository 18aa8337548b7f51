"""The files that jobs and resources have saved with their versions, inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.errors import NotFoundError
from runner.pipeline.problems import nearest
from runner.store.sqlite import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What a version of a job or resource has saved; `build` is the number of the build that made the version, None
    where it is not there any more."""

    name: str
    kind: str
    type: str
    version: int
    version_name: str | None
    build: int | None
    saved_at: datetime
    files: int
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A saved file: its path from the top, its permission bits, its size."""

    path: str
    mode: int
    bytes: int


def states(tx: Transaction) -> list[SavedState]:
    """The newest version of every job and resource, where that has files."""
    return [_state(row) for row in tx.rows("saved_states", name=None, number=None)]


def state(tx: Transaction, name: str, number: int | None) -> SavedState:
    """Of the newest version, or of version `number`. Raises NotFoundError."""
    rows = tx.rows("saved_states", name=name, number=number)
    if not rows:
        raise NotFoundError(_missing(tx, name, number))
    return _state(rows[0])


def files(tx: Transaction, digest: str) -> list[ListedFile]:
    return [ListedFile(row["path"], row["mode"], row["bytes"]) for row in tx.rows("listed_files", digest=digest)]


def content(tx: Transaction, name: str, number: int | None, path: str) -> bytes:
    """Raises NotFoundError."""
    found = state(tx, name, number)
    row = tx.row("content_of_file", digest=found.digest, path=path)
    if row is None:
        hint = nearest(path, [file.path for file in files(tx, found.digest)])
        raise NotFoundError(f"version {found.version} of {name} has saved no {path}{f' ({hint})' if hint else ''}")
    return bytes(row["content"])


def forget(tx: Transaction, name: str, number: int | None) -> tuple[int, list[str]]:
    """Let versions have no files any more: how many they are, and the sets that may be done with. Raises
    NotFoundError."""
    node = tx.row("node", name=name)
    sets = tx.rows("file_sets_of_node", node_id=node["id"], number=number) if node else []
    if not sets:
        raise NotFoundError(_missing(tx, name, number))
    return tx.change("forget_files", node_id=node["id"], number=number), [row["file_set"] for row in sets]


def _missing(tx: Transaction, name: str, number: int | None) -> str:
    node = tx.row("node", name=name)
    if node is None:
        hint = nearest(name, [row["name"] for row in tx.rows("nodes")])
        return f"there is no job or resource {name}{f' ({hint})' if hint else ''}"
    if number is None:
        return f"{name} has saved nothing"
    there = tx.row("version_by_number", node_id=node["id"], number=number) is not None
    return f"version {number} of {name} {'has saved nothing' if there else 'is not there'}"


def _state(row: Any) -> SavedState:
    return SavedState(
        name=row["name"],
        kind=row["kind"],
        type=row["type"],
        version=row["number"],
        version_name=row["version_name"],
        build=row["build"],
        saved_at=datetime.fromisoformat(row["created_at"]),
        files=row["files"],
        bytes=row["bytes"] or 0,
        digest=row["file_set"],
    )
