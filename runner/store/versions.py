"""Versions and their files inside one transaction: what jobs and resources there are, what they have, what is added."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner.errors import SetupError
from runner.pipeline.model import In, Out
from runner.pipeline.plain import json_line
from runner.store.clock import now
from runner.store.rows import version
from runner.store.sqlite import Transaction
from runner.workspace.saved_files import file_set_digest
from runner.workspace.trace import TRACE, Traced, out_trace
from runner.workspace.versions import NewVersion, SavedFile, Version


@dataclass(frozen=True, slots=True)
class Selected:
    """What a step gets at the start of a build: the id of its job or resource, and its newest or pinned version."""

    node_id: int
    version: Version | None
    files: tuple[SavedFile, ...] = ()


def node_of(tx: Transaction, name: str, kind: str, type_: str) -> tuple[int, str | None]:
    row = tx.row("node", name=name)
    if row is not None and (row["kind"], row["type"]) == (kind, type_):
        return row["id"], row["definition"]
    if row is not None:
        tx.change("retire_node", id=row["id"])
    return tx.insert("add_node", name=name, kind=kind, type=type_, definition=None), None


def add_version(tx: Transaction, node_id: int, new: NewVersion, build_id: int | None = None) -> None:
    """That of a job says as `sha` which files it keeps, as the platform had it."""
    file_set = new.file_set or (_newest_file_set(tx, node_id) if new.files is None else _save(tx, new.files))
    sha = {"sha": file_set} if new.of_job else {}
    tx.insert(
        "add_version",
        node_id=node_id,
        name=new.name,
        property_bag=json_line({**new.property_bag, **sha}),
        file_set=file_set,
        build_id=build_id,
        created_at=now(),
    )


def add_versions(tx: Transaction, versions: Iterable[NewVersion], build_id: int) -> None:
    """What a build has made, the version of its job first. What was removed from the files and purged while it ran gets
    none."""
    job: Traced | None = None
    for new in versions:
        node = tx.row("node", name=new.node)
        if node is None:
            continue
        if job is not None:
            new = replace(new, property_bag={**new.property_bag, TRACE: out_trace(new.node, job)})
        add_version(tx, node["id"], new, build_id)
        if new.of_job:
            records = new.property_bag.get(TRACE)
            job = Traced(
                node_id=node["id"],
                name=new.node,
                type=node["type"],
                version=version(tx.row("newest_version", node_id=node["id"])),
                records=records if isinstance(records, list) else [],
            )


def _newest_file_set(tx: Transaction, node_id: int) -> str | None:
    newest = tx.row("newest_version", node_id=node_id)
    return newest["file_set"] if newest else None


def _save(tx: Transaction, files: Sequence[SavedFile]) -> str | None:
    if not files:
        return None
    digest = file_set_digest(files)
    for file in files:
        blob = hashlib.sha256(file.content).hexdigest()
        tx.change("add_blob", digest=blob, content=file.content)
        tx.change("add_file", digest=digest, path=file.path, mode=file.mode, blob=blob)
    return digest


def select(tx: Transaction, step: In | Out, replay_of: int | None = None, *, files: bool = True) -> Selected:
    """The newest version, the pinned one, or for an input of a build that replays an older one the version that the
    older one had; with its `files` where they are wanted. Raises SetupError."""
    node = tx.row("node", name=step.name)
    if node is None or node["deleted_at"] is not None:
        raise SetupError(f"{step.name} was removed from the file, or was never in it")
    row = tx.row("newest_version", node_id=node["id"])
    if isinstance(step, In):
        row = _replayed(tx, replay_of, step) or _pinned(tx, node["id"], step) or row
    wanted = files and row is not None and isinstance(step, In)
    return Selected(node["id"], version(row) if row else None, saved_files(tx, row["file_set"]) if wanted else ())


def keep_inputs(tx: Transaction, build_id: int, selected: Iterable[tuple[In | Out, Selected]]) -> None:
    """Record which versions a build has got."""
    for step, chosen in selected:
        if isinstance(step, In) and chosen.version is not None:
            tx.change("add_input", build_id=build_id, name=step.name, version_id=chosen.version.id)


def _replayed(tx: Transaction, build_id: int | None, step: In) -> Any:
    return None if build_id is None else tx.row("replayed_version", build_id=build_id, name=step.name)


def _pinned(tx: Transaction, node_id: int, step: In) -> Any:
    """The row of the pin, or None where there is no pin."""
    if step.version_number is not None:
        row = tx.row("version_by_number", node_id=node_id, number=step.version_number)
    elif step.version_name is not None:
        row = tx.row("version_by_name", node_id=node_id, name=step.version_name)
    else:
        return None
    if row is None:
        pin = step.version_name if step.version_number is None else step.version_number
        raise SetupError(f'pin "{pin}" of "{step.name}" matches no version')
    return row


def saved_files(tx: Transaction, digest: str | None) -> tuple[SavedFile, ...]:
    if digest is None:
        return ()
    return tuple(SavedFile(row["path"], row["mode"], row["content"]) for row in tx.rows("files", digest=digest))
