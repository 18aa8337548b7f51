"""What a service is asked about its jobs, resources, versions and builds, inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.store.rows import BuildRow, build_row, is_item_name, moment, version
from runner.store.sqlite import Transaction
from runner.workspace.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """A job or a resource. `deleted_at` is there where no file has it any more; `pipeline` is the one that has or had
    it; the other fields are those of jobs, `ticked_at` that of clocks."""

    id: int
    name: str
    kind: str
    type: str
    pipeline: str | None
    deleted_at: datetime | None
    paused: bool
    stale: bool
    last_status: str | None
    ticked_at: datetime | None

    @property
    def is_job(self) -> bool:
        return self.kind == "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """The waiting entry of a strict job."""

    job: str
    triggered_by: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """A version that a build has got."""

    name: str
    version_id: int
    number: int
    version_name: str | None


def nodes(tx: Transaction) -> list[NodeRow]:
    """All that files have or had; not the items of CI builds."""
    return [_node(row) for row in tx.rows("nodes") if not is_item_name(row["name"])]


def node(tx: Transaction, name: str) -> NodeRow | None:
    row = tx.row("node_by_name", name=name)
    return None if row is None else _node(row)


def waiting(tx: Transaction) -> list[WaitingRow]:
    return [
        WaitingRow(job=row["job"], triggered_by=row["triggered_by"], since=datetime.fromisoformat(row["created_at"]))
        for row in tx.rows("waiting")
    ]


def versions(tx: Transaction, name: str, before: int | None, most: int) -> list[Version]:
    """Newest first, those with a number below `before`."""
    return [version(row) for row in tx.rows("versions", name=name, before=before, most=most)]


def builds(
    tx: Transaction,
    *,
    job: str | None = None,
    status: str | None = None,
    before: int | None = None,
    most: int = 50,
    items: bool = False,
) -> list[BuildRow]:
    """Newest first, those with an id below `before`. `items`: those of the job's CI builds too."""
    rows = tx.rows("builds_before", job=job, status=status, before=before, most=most, items=items)
    return [build_row(row) for row in rows]


def build(tx: Transaction, build_id: int) -> BuildRow | None:
    row = tx.row("build", id=build_id)
    return None if row is None else build_row(row)


def build_of_job(tx: Transaction, job: str, number: int) -> BuildRow | None:
    row = tx.row("builds", job=job, number=number, items=False, most=1)
    return None if row is None else build_row(row)


def open_builds(tx: Transaction) -> list[BuildRow]:
    """Those that have not ended, oldest first."""
    return [build_row(row) for row in tx.rows("open_builds")]


def open_builds_of(tx: Transaction, node_id: int) -> list[BuildRow]:
    return [build_row(row) for row in tx.rows("open_builds_of", node_id=node_id)]


def ended_last(tx: Transaction, most: int) -> list[BuildRow]:
    """The newest ends first."""
    return [build_row(row) for row in tx.rows("ended_last", most=most)]


def inputs(tx: Transaction, build_id: int) -> list[InputRow]:
    return [
        InputRow(name=row["name"], version_id=row["id"], number=row["number"], version_name=row["version_name"])
        for row in tx.rows("inputs", build_id=build_id)
    ]


def _node(row: Any) -> NodeRow:
    return NodeRow(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        type=row["type"],
        pipeline=row["pipeline"],
        deleted_at=moment(row["deleted_at"]),
        paused=bool(row["paused"]),
        stale=bool(row["stale"]),
        last_status=row["last_status"],
        ticked_at=moment(row["ticked_at"]),
    )
