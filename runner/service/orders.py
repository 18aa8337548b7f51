"""What people and machines order of a service: each order is one method and one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from runner.errors import ConflictError
from runner.execution.model import EndedBy
from runner.scheduling.events import (
    Asked,
    Draining,
    NotTriggered,
    Paused,
    Resumed,
    VersionMade,
    WaitingDeleted,
    Withdrawn,
)
from runner.scheduling.rules import Rules
from runner.service.building import Building
from runner.service.courier import Courier
from runner.service.decisions import Decided, Decisions, Facts
from runner.service.engines import Engines
from runner.service.notices import at_end
from runner.service.questions import Questions
from runner.store import ends, notices, purging, views
from runner.store.queueing import Request, ask_to_cancel, new_delivery, set_paused
from runner.store.rows import BuildRow
from runner.store.sqlite import Transaction
from runner.store.versions import add_version
from runner.store.views import NodeRow
from runner.workspace.versions import NewVersion


class Orders:
    """All methods raise StoreError, NotFoundError where what they name is not there, and ConflictError where the order
    makes no sense now."""

    def __init__(
        self, decisions: Decisions, questions: Questions, building: Building, engines: Engines, courier: Courier
    ) -> None:
        self.draining = False
        self._decisions = decisions
        self._questions = questions
        self._building = building
        self._engines = engines
        self._courier = courier

    async def run(self, job: str, request: Request) -> BuildRow:
        """Queue a build because a person wants it: whatever is switched off or paused."""
        await self._live_job(job)
        decided = await self._decisions.decide(lambda tx, rules: Facts(None, [Asked(job)], request))
        return await self._queued(job, decided)

    async def replay(self, build_id: int, by: str | None) -> BuildRow:
        """Queue a build of the same job with the input versions of an older build."""
        older = await self._questions.build(build_id)
        job = self._engines.current.pipeline.jobs.get(older.job)
        if not await self._questions.inputs(build_id) and (job is None or job.ins):
            raise ConflictError(f"{older.job}/{older.number} has recorded no inputs: run the job instead")
        request = Request(injected=older.injected, reset=older.reset, replay_of=older.id, by=by)
        return await self.run(older.job, request)

    async def approve(self, job: str, by: str | None) -> BuildRow:
        """Start a job that waits for a person: an input that is switched off has changed since its last build."""
        view = await self._questions.job(job)
        if not view.node.stale:
            raise ConflictError(
                f"nothing waits for approval at {job}: no switched-off input has changed since it ran last"
            )
        return await self.run(job, Request(by=by))

    async def cancel(self, build_id: int, reason: str) -> BuildRow:
        """End a build: one that is queued at once, one that runs as soon as its processes have ended."""

        row = await self._questions.build(build_id)
        job = self._engines.current.pipeline.jobs.get(row.job)

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            if row.item is None and ends.withdraw(tx, build_id, reason, EndedBy.USER):
                notices.add(tx, build_id, at_end(job.hooks, "cancelled") if job is not None else ())
                return Facts(False, [Withdrawn(build_id)])
            return Facts(ask_to_cancel(tx, build_id, reason))

        def then(decided: Decided[bool]) -> None:
            if decided.value:
                self._building.cancel(build_id, reason)
            else:
                self._courier.look()

        await self._decisions.decide(change, then)
        return await self._questions.build(build_id)

    async def pause(self, job: str) -> bool:
        """Let nothing start the job but a person; False where it was paused already."""
        await self._live_job(job)
        return await self._set_paused(job, True)

    async def resume(self, job: str) -> bool:
        """What happened meanwhile is not made up for; False where it was not paused."""
        await self._live_job(job)
        return await self._set_paused(job, False)

    async def delete_waiting(self, job: str) -> None:
        """Give up what a strict job waits for."""
        if (await self._questions.job(job)).waiting is None:
            raise ConflictError(f"{job} waits for nothing")
        await self._decisions.decide(lambda tx, rules: Facts(None, [WaitingDeleted(job)]))

    async def add_version(self, new: NewVersion, *, delivery: str | None = None) -> bool:
        """Record a version of a resource that came from outside, and start what hangs on it; False where the same
        `delivery` was recorded before."""
        await self._questions.node(new.node, kind="resource")
        return await self.add_versions([new], delivery=delivery)

    async def add_versions(self, versions: Sequence[NewVersion], *, delivery: str | None = None) -> bool:
        """The same for all that one delivery brings, of resources that are known."""

        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            if delivery is not None and not new_delivery(tx, delivery):
                return Facts(False)
            for new in versions:
                add_version(tx, tx.row("node", name=new.node)["id"], new)
            return Facts(True, [VersionMade(new.node) for new in versions])

        return (await self._decisions.decide(change)).value

    async def purge(self, name: str) -> list[int]:
        """Destroy a job or resource that no file has any more with all its versions and builds, for ever; gives the ids
        of the builds whose logs may be removed."""
        node = await self._questions.node(name)
        if node.deleted_at is None:
            raise ConflictError(f"{name} is still in the files of {node.pipeline}: remove it there first")
        users = purging.users_of(self._engines.current.pipeline, name)
        if users:
            raise ConflictError(f"{name} is still named by {', '.join(users)}: mend their files first")

        def change(tx: Transaction, rules: Rules) -> Facts[list[int]]:
            if (build := purging.in_use_by(tx, node.id, name)) is not None:
                raise ConflictError(f"{build}, which has not ended, still needs {name}: wait for it, or cancel it")
            return Facts(purging.purge(tx, node.id), behind_rules=True)

        return (await self._decisions.decide(change)).value

    async def drain(self, on: bool = True) -> None:
        """Start nothing more, or go on."""

        def then(decided: Decided[None]) -> None:
            self.draining = on

        await self._decisions.decide(lambda tx, rules: Facts(None, [Draining(on)]), then)

    async def cancel_all(self, reason: str) -> None:
        """End every build that runs."""
        rows = await self._decisions.look(lambda tx, rules: views.open_builds(tx))
        for row in rows:
            if row.attempt is not None:
                await self.cancel(row.id, reason)

    async def _set_paused(self, job: str, on: bool) -> bool:
        def change(tx: Transaction, rules: Rules) -> Facts[bool]:
            if not set_paused(tx, job, on):
                return Facts(False)
            return Facts(True, [Paused(job) if on else Resumed(job)])

        return (await self._decisions.decide(change)).value

    async def _queued(self, job: str, decided: Decided[None]) -> BuildRow:
        for command in decided.commands:
            if isinstance(command, NotTriggered) and command.job == job:
                raise ConflictError(f"{job} cannot run: {command.reason}")
        # The last one of the job: rules that were read again may have queued others before.
        return await self._questions.build(decided.queued_of(job)[-1])

    async def _live_job(self, name: str) -> NodeRow:
        node = await self._questions.node(name, kind="job")
        if node.deleted_at is not None:
            raise ConflictError(f"{name} is in no file any more")
        return node
