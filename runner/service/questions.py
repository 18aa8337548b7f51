"""What a service is asked: each question is one method, answered from one moment of its store and its rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.errors import NotFoundError
from runner.pipeline.problems import nearest
from runner.scheduling.rules import Rules
from runner.service.decisions import Decisions
from runner.store import pipelines as stored
from runner.store import views
from runner.store.pipelines import PipelineRow
from runner.store.rows import BuildRow
from runner.store.sqlite import Transaction
from runner.store.views import InputRow, NodeRow, WaitingRow
from runner.workspace.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as it stands. `open` are its builds that have not ended, oldest first; `held_by` says why nothing of it
    starts now, None where nothing stands in its way; `by_itself`: it has an input that may start it."""

    node: NodeRow
    by_itself: bool
    open: tuple[BuildRow, ...]
    waiting: WaitingRow | None
    held_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How much there is: jobs, resources and pipelines (`refused` are those with bad files); of the builds that have
    not ended how many of each status, and by pool how many have a slot and how many wait. `oldest` is when the one was
    queued that waits longest in a pool."""

    jobs: int
    resources: int
    pipelines: int
    refused: tuple[str, ...]
    builds: Mapping[str, int]
    used: Mapping[str, int]
    queued: Mapping[str, int]
    oldest: Mapping[str, datetime]


class Questions:
    """All methods raise StoreError; those that name something raise NotFoundError where it is not there."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def pipelines(self) -> list[PipelineRow]:
        return await self._decisions.look(lambda tx, rules: stored.pipelines(tx))

    async def pipeline(self, name: str) -> PipelineRow:
        rows = await self.pipelines()
        found = next((row for row in rows if row.name == name), None)
        if found is None:
            hint = nearest(name, [row.name for row in rows])
            raise NotFoundError(f"there is no pipeline {name}{f' ({hint})' if hint else ''}")
        return found

    async def overview(self) -> Overview:
        return await self._decisions.look(_overview)

    async def jobs(self) -> list[JobView]:
        """Every job, by name; those that no file has any more too."""
        return await self._decisions.look(_jobs)

    async def job(self, name: str) -> JobView:
        node = await self.node(name, kind="job")
        return await self._decisions.look(lambda tx, rules: _job(tx, rules, node))

    async def resources(self) -> list[NodeRow]:
        return [node for node in await self._decisions.look(lambda tx, rules: views.nodes(tx)) if not node.is_job]

    async def versions(self, name: str, *, before: int | None = None, most: int = 50) -> list[Version]:
        """Of a job or a resource, newest first, those with a number below `before`."""
        await self.node(name)
        return await self._decisions.look(lambda tx, rules: views.versions(tx, name, before, most))

    async def builds(
        self,
        *,
        job: str | None = None,
        status: str | None = None,
        before: int | None = None,
        most: int = 50,
        items: bool = False,
    ) -> list[BuildRow]:
        """Newest first, those with an id below `before`. `items`: those of the job's CI builds too."""
        return await self._decisions.look(
            lambda tx, rules: views.builds(tx, job=job, status=status, before=before, most=most, items=items)
        )

    async def build(self, build_id: int) -> BuildRow:
        row = await self._decisions.look(lambda tx, rules: views.build(tx, build_id))
        if row is None:
            raise NotFoundError(f"there is no build {build_id}")
        return row

    async def build_of(self, job: str, number: int | None) -> BuildRow:
        """Build `number` of a job, None: its newest one."""
        await self.node(job, kind="job")
        rows = await self._decisions.look(
            lambda tx, rules: (
                views.builds(tx, job=job, most=1)
                if number is None
                else [row for row in [views.build_of_job(tx, job, number)] if row is not None]
            )
        )
        if not rows:
            if number is not None and (newest := await self.builds(job=job, most=1)) and 0 < number < newest[0].number:
                raise NotFoundError(f"{job}/{number} was removed, it was beyond what is kept")
            raise NotFoundError(f"{job} has no build{'' if number is None else f' {number}'}")
        return rows[0]

    async def inputs(self, build_id: int) -> list[InputRow]:
        """The versions that a build has got."""
        return await self._decisions.look(lambda tx, rules: views.inputs(tx, build_id))

    async def node(self, name: str, *, kind: str | None = None) -> NodeRow:
        """The job or resource of this name, also where no file has it any more."""
        node = await self._decisions.look(lambda tx, rules: views.node(tx, name))
        if node is None or (kind is not None and node.kind != kind):
            raise await self.unknown(name, kind)
        return node

    async def unknown(self, name: str, kind: str | None) -> NotFoundError:
        """The sentence for a name that nothing has."""
        nodes = await self._decisions.look(lambda tx, rules: views.nodes(tx))
        return unknown(name, kind, [node.name for node in nodes if kind is None or node.kind == kind])


def unknown(name: str, kind: str | None, known: Iterable[str]) -> NotFoundError:
    """The sentence for a name that is none of those that are known."""
    hint = nearest(name, known)
    return NotFoundError(f"there is no {kind or 'job or resource'} {name}{f' ({hint})' if hint else ''}")


def _overview(tx: Transaction, rules: Rules) -> Overview:
    nodes = [node for node in views.nodes(tx) if node.deleted_at is None]
    pipelines = stored.pipelines(tx)
    rows = _open_builds(tx)
    waiting = [row for row in rows if row.attempt is None]
    return Overview(
        jobs=sum(node.is_job for node in nodes),
        resources=sum(not node.is_job for node in nodes),
        pipelines=len(pipelines),
        refused=tuple(row.name for row in pipelines if row.refused),
        builds=Counter(row.status for row in rows),
        used=Counter(row.pool for row in rows if row.attempt is not None),
        queued=Counter(row.pool for row in waiting),
        oldest={row.pool: row.created_at for row in reversed(waiting)},
    )


def _open_builds(tx: Transaction) -> list[BuildRow]:
    """Without the items of CI builds: those that they are items of stand for them."""
    return [row for row in views.open_builds(tx) if row.item is None]


def _jobs(tx: Transaction, rules: Rules) -> list[JobView]:
    waiting = {entry.job: entry for entry in views.waiting(tx)}
    open_: dict[str, list[BuildRow]] = {}
    for row in _open_builds(tx):
        open_.setdefault(row.job, []).append(row)
    jobs = [node for node in views.nodes(tx) if node.is_job]
    return [_view(rules, node, open_.get(node.name, ()), waiting.get(node.name)) for node in jobs]


def _job(tx: Transaction, rules: Rules, node: NodeRow) -> JobView:
    waiting = next((entry for entry in views.waiting(tx) if entry.job == node.name), None)
    return _view(rules, node, views.open_builds_of(tx, node.id), waiting)


def _view(rules: Rules, node: NodeRow, open_: Sequence[BuildRow], waiting: WaitingRow | None) -> JobView:
    return JobView(
        node=node,
        by_itself=rules.starts_by_itself(node.name),
        open=tuple(open_),
        waiting=waiting,
        held_by=rules.explain(node.name),
    )
