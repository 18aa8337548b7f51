"""The pipelines of a service inside one transaction: their files, what was applied, and what that means for jobs and
resources."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.pipeline.model import Job, Resource
from runner.store.clock import now
from runner.store.definitions import define
from runner.store.rows import Source, moment
from runner.store.sqlite import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRow:
    """A pipeline as it was applied last. `problems` are sentences about the files that were read last, `refused` says
    that those could not be applied, `changes` what the last applied files changed."""

    name: str
    source: str
    revision: str | None
    applied_at: datetime | None
    looked_at: datetime | None
    refused: bool
    problems: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFiles:
    """Files of a pipeline that are to be in force: where they are from, what is said about them, what they change."""

    pipeline: str
    source: str
    revision: str
    files: Sequence[Source]
    problems: Sequence[str]
    changes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGraph:
    """All files of all pipelines that a graph is made of, and the digest of its plan."""

    digest: str
    files: Sequence[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying has done: the id of the new graph, the resources of known names whose content has changed."""

    graph: int
    changed: frozenset[str]


def pipelines(tx: Transaction) -> list[PipelineRow]:
    return [_pipeline(row) for row in tx.rows("pipelines")]


def sources(tx: Transaction) -> dict[str, list[Source]]:
    """The files of every pipeline as they were applied last."""
    found: dict[str, list[Source]] = {}
    for row in tx.rows("pipeline_sources"):
        found.setdefault(row["pipeline"], []).append(Source(row["path"], row["pipeline"], row["text"]))
    return found


def look(tx: Transaction, name: str, source: str, problems: Sequence[str], *, refused: bool) -> None:
    """Record that the files of a pipeline were read and not applied: nothing has changed, or they are refused."""
    tx.change("put_pipeline", name=name, source=source)
    tx.change("look_at_pipeline", name=name, at=now(), refused=int(refused), problems=json.dumps(list(problems)))


def other_types(tx: Transaction, items: Sequence[Job | Resource]) -> list[tuple[Job | Resource, str]]:
    """The items whose name had another type before, with that type: only a purge makes the name free."""
    found = []
    for item in items:
        row = tx.row("node", name=item.name)
        kind = "job" if isinstance(item, Job) else "resource"
        if row is not None and (row["kind"], row["type"]) != (kind, item.type):
            found.append((item, row["type"]))
    return found


def apply(tx: Transaction, new: NewFiles, items: Sequence[Job | Resource], graph: NewGraph) -> Applied:
    """Record new files of a pipeline, and the graph that they make with those of the others. What they define
    (`items`) is there from now on; what they do not define any more is deleted softly."""
    jobs = [item for item in items if isinstance(item, Job)]
    resources = [item for item in items if isinstance(item, Resource)]
    changed = define(tx, jobs, resources)
    _adopt(tx, new.pipeline, {item.name for item in items})
    tx.change("put_pipeline", name=new.pipeline, source=new.source)
    tx.change("drop_pipeline_sources", pipeline=new.pipeline)
    for position, file in enumerate(new.files):
        tx.insert("add_pipeline_source", pipeline=new.pipeline, position=position, path=file.path, text=file.text)
    words = {"problems": json.dumps(list(new.problems)), "changes": json.dumps(list(new.changes))}
    tx.change("apply_pipeline", name=new.pipeline, revision=new.revision, at=now(), **words)
    return Applied(graph=_add_graph(tx, graph), changed=changed)


def remove(tx: Transaction, name: str, graph: NewGraph) -> Applied:
    """Forget a pipeline; what it defined is deleted softly."""
    _adopt(tx, name, set())
    tx.change("drop_pipeline_sources", pipeline=name)
    tx.change("drop_pipeline", name=name)
    return Applied(graph=_add_graph(tx, graph), changed=frozenset())


def newest_graph(tx: Transaction) -> int | None:
    row = tx.row("newest_graph")
    return None if row is None else int(row["id"])


def _add_graph(tx: Transaction, new: NewGraph) -> int:
    graph = tx.insert("add_graph", digest=new.digest, started_at=now())
    for position, file in enumerate(new.files):
        where = {"path": file.path, "repository": file.repository}
        tx.insert("add_source", run_id=graph, position=position, text=file.text, **where)
    return graph


def _adopt(tx: Transaction, pipeline: str, names: set[str]) -> None:
    """Let a pipeline own these names, and no others."""
    for row in tx.rows("nodes_of_pipeline", pipeline=pipeline):
        if row["name"] not in names:
            tx.change("delete_node", id=row["id"], deleted_at=now())
    for name in names:
        tx.change("adopt_node", name=name, pipeline=pipeline)


def _pipeline(row: Any) -> PipelineRow:
    return PipelineRow(
        name=row["name"],
        source=row["source"],
        revision=row["revision"],
        applied_at=moment(row["applied_at"]),
        looked_at=moment(row["looked_at"]),
        refused=bool(row["refused"]),
        problems=tuple(json.loads(row["problems"])),
        changes=tuple(json.loads(row["changes"])),
    )
