"""Destroying what no file has any more, inside one transaction."""

from __future__ import annotations

from runner.pipeline.model import In, Out, Pipeline
from runner.store.clock import now
from runner.store.sqlite import Transaction


def users_of(pipeline: Pipeline, name: str) -> list[str]:
    """The jobs that still name this job or resource."""
    return [
        job.name
        for job in pipeline.jobs.values()
        if any(isinstance(step, In | Out) and step.name == name for step in job.steps)
    ]


def in_use_by(tx: Transaction, node_id: int, name: str) -> str | None:
    """The build that has not ended and still needs the job or resource: its own, or one that it triggered."""
    row = tx.row("open_build_with", id=node_id, name=name)
    return None if row is None else f"{row['job']}/{row['number']}"


def purge(tx: Transaction, node_id: int) -> list[int]:
    """Remove a node that was deleted softly with its versions and builds, those of CI items too; gives the ids of the
    builds. No build gets one of these ids again."""
    items = [row["id"] for row in tx.rows("item_nodes", id=node_id)]
    builds = [build for each in (*items, node_id) for build in _purge(tx, each)]
    tx.change("keep_next_build", next_build=max(builds, default=0) + 1)
    return builds


def _purge(tx: Transaction, node_id: int) -> list[int]:
    builds = [row["id"] for row in tx.rows("builds_of_node", id=node_id)]
    tx.change("delete_node", id=node_id, deleted_at=now())  # an item is in no file
    for statement in ("purge_inputs", "purge_provenance", "purge_versions", "purge_waiting", "purge_builds"):
        tx.change(statement, id=node_id)
    tx.change("purge_node", id=node_id)
    return builds
