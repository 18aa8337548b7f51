"""What a service does to builds inside one transaction: queueing, giving out, claiming; and the state of its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runner.errors import StoreError
from runner.pipeline.model import DependencyMode
from runner.scheduling.events import Queue, Stale, StopWaiting, Wait
from runner.scheduling.snapshot import JobState, OpenBuild, Snapshot, Waiting
from runner.store.clock import now
from runner.store.rows import BuildRow, build_row, is_item_name
from runner.store.sqlite import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asks of one build: variables for it, without the saved state, with the inputs of an older one.
    `by` says who."""

    injected: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    replay_of: int | None = None
    by: str | None = None


def queue(tx: Transaction, command: Queue, request: Request) -> None:
    """Record a build before anything of it is done, under the graph that is applied now."""
    graph = tx.row("newest_graph")
    if graph is None:
        raise StoreError("a build cannot be queued before a pipeline was applied")
    tx.insert(
        "queue_build",
        id=command.build,
        run_id=graph["id"],
        node_id=tx.row("node", name=command.job)["id"],
        triggered_by=command.triggered_by,
        created_at=now(),
        mode=command.mode.value,
        manual=int(command.manual),
        chain=json.dumps(sorted(command.chain)),
        priority=command.priority,
        pool=command.pool,
        injected=json.dumps(dict(request.injected)),
        reset=int(request.reset),
        replay_of=request.replay_of,
        requested_by=request.by,
    )


def give_out(tx: Transaction, build_id: int, attempt: int) -> None:
    """Let this attempt run a queued build. Raises StoreError where it is not queued any more."""
    if not tx.change("give_out_build", id=build_id, attempt=attempt):
        raise StoreError(f"build {build_id} was given out before")


def give_out_again(tx: Transaction, build: BuildRow, attempt: int) -> None:
    """Let another attempt go on with a build. Raises StoreError where the one before is not its attempt any more."""
    if not tx.change("give_out_again", id=build.id, attempt=attempt, before=build.attempt):
        raise StoreError(f"build {build.id} was given out again before")


def nobody_has(tx: Transaction) -> list[BuildRow]:
    """Builds that have been given out and have not ended, and whose attempt has."""
    return [build_row(row) for row in tx.rows("builds_nobody_has")]


def claim(tx: Transaction, build_id: int, attempt: int) -> BuildRow | None:
    """Begin to run a build, or go on with it; None where this attempt has it no more. The row is as it was before:
    `queued` where nothing of it has run."""
    row = tx.row("build_of_attempt", id=build_id, attempt=attempt)
    if row is None:
        return None
    tx.change("claim_build", id=build_id, attempt=attempt, started_at=now())
    claimed = build_row(tx.row("build", id=build_id))
    return claimed if row["status"] == "processing" else claimed.as_queued()


def ask_to_cancel(tx: Transaction, build_id: int, reason: str) -> bool:
    """Record that somebody wants the end of a build; False: it has ended."""
    return bool(tx.change("ask_to_cancel", id=build_id, reason=reason))


def set_paused(tx: Transaction, job: str, on: bool) -> bool:
    """False where that is what it was."""
    return bool(tx.change("set_paused", name=job, paused=int(on)))


def new_delivery(tx: Transaction, delivery: str) -> bool:
    """Record a delivery from outside; False where the same one was recorded before."""
    return bool(tx.change("add_delivery", id=delivery, received_at=now()))


def wait(tx: Transaction, command: Wait) -> None:
    node = tx.row("node", name=command.job)
    chain = json.dumps(sorted(command.chain))
    tx.change("add_waiting", node_id=node["id"], triggered_by=command.triggered_by, chain=chain, created_at=now())


def stop_waiting(tx: Transaction, command: StopWaiting) -> None:
    tx.change("drop_waiting", node_id=tx.row("node", name=command.job)["id"])


def mark_stale(tx: Transaction, command: Stale) -> None:
    tx.change("set_stale", name=command.job, stale=int(command.stale))


def snapshot(tx: Transaction, *, draining: bool = False) -> Snapshot:
    """All that the rules need to go on after a restart."""
    jobs = {
        row["name"]: JobState(
            last_status=row["last_status"],
            paused=bool(row["paused"]),
            stale=bool(row["stale"]),
            waiting=Waiting(row["waiting_for"], frozenset(json.loads(row["waiting_chain"])))
            if row["waiting_for"] is not None
            else None,
        )
        for row in tx.rows("jobs_of_rules")
    }
    return Snapshot(
        next_build=tx.row("last_build_id")["id"] + 1,
        jobs=jobs,
        builds=tuple(_open_builds(tx)),
        draining=draining,
    )


def _open_builds(tx: Transaction) -> Iterable[OpenBuild]:
    for row in tx.rows("open_builds"):
        if is_item_name(row["job"]):  # the rules know the build that it is an item of
            continue
        yield OpenBuild(
            id=row["id"],
            job=row["job"],
            triggered_by=row["triggered_by"],
            mode=DependencyMode(row["mode"]),
            manual=bool(row["manual"]),
            chain=frozenset(json.loads(row["chain"])),
            priority=row["priority"],
            pool=row["pool"],
            processing=row["attempt"] is not None,
        )
