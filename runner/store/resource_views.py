"""A resource with all that is known of it: who uses it, what it holds, what it has held."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from runner.pipeline.model import In, Out, Pipeline
from runner.pipeline.plain import Json
from runner.store.rows import moment
from runner.store.sqlite import Transaction

NEWEST = 5
"""Versions that are shown one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A job that names the resource. `version_name` and `version_number` are a pin; not `switch`: it never starts the
    job. The last three are an input's, `on_failure` an output's."""

    job: str
    version_name: str | None = None
    version_number: int | None = None
    switch: bool = True
    on_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeVersion:
    """`build` is the one that made it, `JOB/NUMBER`; None: a file or somebody outside did, or it is not there any
    more."""

    number: int
    name: str | None
    property_bag: Mapping[str, Json]
    created_at: datetime
    build: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How many versions there are, since when, and the newest ones, newest first."""

    versions: int = 0
    since: datetime | None = None
    newest: tuple[MadeVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceView:
    """`declared` is where it stands (`file:line:column`), None where no file has it any more; `integration` the name
    alone; `ins` are the jobs that take it, `outs` those that give it out; `problem`: why nothing new is heard of it."""

    name: str
    type: str
    declared: str | None = None
    integration: str | None = None
    ins: tuple[Use, ...] = ()
    outs: tuple[Use, ...] = ()
    history: History = History()
    problem: str | None = None


def resource_view(tx: Transaction, pipeline: Pipeline, name: str, problem: str | None = None) -> ResourceView | None:
    """None where neither a file nor the store has a resource of this name."""
    resource, node = pipeline.resources.get(name), tx.row("node", name=name)
    known = node is not None and node["kind"] == "resource"
    if resource is None and not known:
        return None
    return ResourceView(
        name=name,
        type=resource.type if resource else str(node["type"]),
        declared=str(resource.place) if resource else None,
        integration=resource.integration.name if resource and resource.integration else None,
        ins=tuple(_ins(pipeline, name)),
        outs=tuple(_outs(pipeline, name)),
        history=_history(tx, node["id"]) if known else History(),
        problem=problem,
    )


def _ins(pipeline: Pipeline, name: str) -> Iterator[Use]:
    for job in pipeline.jobs.values():
        for step in job.steps:
            if isinstance(step, In) and step.name == name:
                yield Use(
                    job=job.name,
                    version_name=step.version_name,
                    version_number=step.version_number,
                    switch=step.switch,
                )


def _outs(pipeline: Pipeline, name: str) -> Iterator[Use]:
    for job in pipeline.jobs.values():
        for step in job.steps:
            if isinstance(step, Out) and step.name == name:
                yield Use(job=job.name, on_failure=step.on_failure)


def _history(tx: Transaction, node_id: int) -> History:
    whole = tx.row("history", node_id=node_id)
    newest = tuple(
        MadeVersion(
            number=row["number"],
            name=row["name"],
            property_bag=json.loads(row["property_bag"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            build=None if row["job"] is None else f"{row['job']}/{row['build']}",
        )
        for row in tx.rows("made_versions", node_id=node_id, most=NEWEST)
    )
    return History(versions=whole["versions"], since=moment(whole["since"]), newest=newest)
