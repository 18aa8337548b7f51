"""What a service is asked: each question is one method, answered from one moment of its store and its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import UsageError
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
    starts now, None where nothing stands in its way."""

    node: NodeRow
    open: tuple[BuildRow, ...]
    waiting: WaitingRow | None
    held_by: str | None


class Questions:
    """All methods raise StoreError; those that name something raise UsageError where it is not there."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def pipelines(self) -> list[PipelineRow]:
        return await self._decisions.look(lambda tx, rules: stored.pipelines(tx))

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
        self, *, job: str | None = None, status: str | None = None, before: int | None = None, most: int = 50
    ) -> list[BuildRow]:
        """Newest first, those with an id below `before`."""
        return await self._decisions.look(
            lambda tx, rules: views.builds(tx, job=job, status=status, before=before, most=most)
        )

    async def build(self, build_id: int) -> BuildRow:
        row = await self._decisions.look(lambda tx, rules: views.build(tx, build_id))
        if row is None:
            raise UsageError(f"there is no build {build_id}")
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
            raise UsageError(f"{job} has no build{'' if number is None else f' {number}'}")
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

    async def unknown(self, name: str, kind: str | None) -> UsageError:
        """The sentence for a name that nothing has."""
        nodes = await self._decisions.look(lambda tx, rules: views.nodes(tx))
        hint = nearest(name, [node.name for node in nodes if kind is None or node.kind == kind])
        return UsageError(f"there is no {kind or 'job or resource'} {name}{f' ({hint})' if hint else ''}")


def _jobs(tx: Transaction, rules: Rules) -> list[JobView]:
    waiting = {entry.job: entry for entry in views.waiting(tx)}
    open_: dict[str, list[BuildRow]] = {}
    for row in views.open_builds(tx):
        open_.setdefault(row.job, []).append(row)
    jobs = [node for node in views.nodes(tx) if node.is_job]
    return [_view(rules, node, open_.get(node.name, ()), waiting.get(node.name)) for node in jobs]


def _job(tx: Transaction, rules: Rules, node: NodeRow) -> JobView:
    waiting = next((entry for entry in views.waiting(tx) if entry.job == node.name), None)
    return _view(rules, node, views.open_builds_of(tx, node.id), waiting)


def _view(rules: Rules, node: NodeRow, open_: Sequence[BuildRow], waiting: WaitingRow | None) -> JobView:
    return JobView(node=node, open=tuple(open_), waiting=waiting, held_by=rules.explain(node.name))
