"""The items of a CI build: builds of their own, which share its number. Each has a job of its own in the store, named
`<job>/<item>`; no job of a file can have such a name."""

from __future__ import annotations

from datetime import datetime

from runner.store.clock import now
from runner.store.rows import BuildRow, build_row, item_name, moment
from runner.store.sqlite import Transaction
from runner.store.versions import node_of


def add_items(tx: Transaction, build: BuildRow, count: int, job_type: str) -> list[BuildRow]:
    """Record the items 1 to `count` of a build before anything of them is done."""
    rows = []
    for item in range(1, count + 1):
        name = item_name(build.job, item)
        node_id, _ = node_of(tx, name, "job", job_type)
        tx.insert(
            "add_item",
            run_id=build.run_id,
            node_id=node_id,
            number=build.number,
            triggered_by=build.triggered_by,
            created_at=now(),
        )
        rows.append(build_row(tx.row("builds", job=name, number=build.number, items=False, most=1)))
    return rows


def items_of(tx: Transaction, build: BuildRow) -> list[BuildRow]:
    """The items that are recorded of a build, by their numbers."""
    rows = map(build_row, tx.rows("builds", job=build.job, number=build.number, items=True, most=-1))
    return sorted((row for row in rows if row.item is not None), key=lambda row: row.item or 0)


def last_success(tx: Transaction, job: str) -> datetime | None:
    """When a build of the job succeeded last."""
    row = tx.row("last_success", job=job)
    return moment(row["ended_at"]) if row else None
