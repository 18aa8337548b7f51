"""Which builds the service queues and starts, and when: a state machine without I/O, clock or chance.

The rules are those of the platform, with its gaps filled:

- An input whose switch is on starts its job when it changes; a change by a switched-off input marks the job as stale
  until its next start.
- `chrono` queues a build for each change if every input job succeeded last; it starts in the order of creation, and
  not while a directly connected job runs. `immediate` always queues one. `strict` makes a single waiting entry while
  anything upstream is open, and queues one build when all of it succeeded.
- A serial job runs one build at a time, every job in the order of creation. A slot of a pool goes to the best
  priority, then to the oldest build.
- A paused job takes no trigger and holds its automatic builds. A trigger that comes back to a job through its own
  cause ends there.

An event costs time by the degree of the jobs it touches (`Synced` and `PoolsSet`: by all of them), whatever else is
queued or has ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from runner.pipeline.model import DependencyMode
from runner.scheduling import gates
from runner.scheduling.events import (
    Asked,
    Command,
    Draining,
    Ended,
    Event,
    NotTriggered,
    Paused,
    PoolsSet,
    Queue,
    Resumed,
    Stale,
    Start,
    StopWaiting,
    Synced,
    VersionMade,
    Wait,
    WaitingDeleted,
    Withdraw,
    Withdrawn,
)
from runner.scheduling.firing import Firing, GrownStale, Reached, end_of_build, new_version, single
from runner.scheduling.graph import Graph
from runner.scheduling.ledger import Ledger
from runner.scheduling.reasons import stands_in_the_way
from runner.scheduling.slots import Slots
from runner.scheduling.snapshot import OpenBuild, Snapshot, Waiting

GONE = "the job was removed from the file"


class Rules:
    """Changed in place by `apply`; the same events in the same order give the same commands."""

    def __init__(self, graph: Graph, pools: Mapping[str, int]) -> None:
        self._graph = graph
        self._ledger = Ledger()
        self._ledger.know(graph.jobs)
        self._slots = Slots(pools)
        self._draining = False
        self._commands: list[Command] = []

    @classmethod
    def restore(cls, graph: Graph, pools: Mapping[str, int], snapshot: Snapshot) -> Rules:
        """The rules as they were; `resume` must come before the first event. The graph may be a newer one."""
        rules = cls(graph, pools)
        rules._ledger = Ledger.of(snapshot)
        rules._ledger.know(graph.jobs)
        rules._draining = snapshot.draining
        rules._refill(pools)
        return rules

    def resume(self) -> list[Command]:
        """What follows from the restored state: `Start` for queued builds that may start, and what a graph that is
        newer than the snapshot changes."""
        self._settle()
        return self._decided()

    def apply(self, event: Event) -> list[Command]:
        """Take the event and give what follows from it, in order.

        Raises ValueError for the end of a build that is not open: a bug of the caller."""
        match event:
            case Synced():
                self._graph = event.graph
                self._ledger.know(event.graph.jobs)
                self._settle()
            case VersionMade():
                self._follow(new_version(self._graph, event.resource), event.chain)
            case Ended():
                self._end(event)
            case Asked():
                self._ask(event.job)
            case Withdrawn():
                self._withdraw(event.build)
            case Paused() | Resumed():
                self._pause(event.job, paused=isinstance(event, Paused))
            case WaitingDeleted():
                self._stop_waiting(event.job)
            case PoolsSet():
                self._refill(event.pools)
            case Draining():
                self._draining = event.on
            case _:
                assert_never(event)
        return self._decided()

    def snapshot(self) -> Snapshot:
        return self._ledger.snapshot(draining=self._draining)

    def explain(self, job: str) -> str | None:
        """Why the oldest queued build of the job, or else its waiting entry, does not start now; where it has
        neither, why a trigger would be refused now. None: nothing stands in its way."""
        return stands_in_the_way(self._graph, self._ledger, self._slots, job, draining=self._draining)

    def starts_by_itself(self, job: str) -> bool:
        """Whether the job has an input that may start it."""
        return job in self._graph.jobs and any(step.triggers for step in self._graph.jobs[job].inputs)

    def _follow(self, reached: Iterator[Reached], chain: frozenset[str]) -> None:
        for item in single(self._graph, reached):
            match item:
                case Firing():
                    self._trigger(item, chain)
                case GrownStale():
                    self._mark(item.job, stale=True)
                case _:
                    assert_never(item)

    def _trigger(self, firing: Firing, chain: frozenset[str]) -> None:
        rule = self._graph.jobs[firing.job]
        reason = gates.refused(self._graph, self._ledger, rule, firing.mode) or gates.own_cause(rule, chain)
        if reason is not None:
            self._commands.append(NotTriggered(firing.job, firing.triggered_by, reason))
        elif firing.mode is gates.STRICT and gates.must_wait(self._graph, self._ledger, firing.job):
            self._wait(firing, self._chain(firing.job, chain))
        else:
            self._queue(firing.job, firing.triggered_by, firing.mode, self._chain(firing.job, chain))

    def _chain(self, job: str, cause: frozenset[str]) -> frozenset[str]:
        """The jobs of the cause that are in the loop of the job, itself too; causes outside of it cannot recur."""
        loop = self._graph.loop(job)
        return (cause & loop) | {job} if loop else frozenset()

    def _wait(self, firing: Firing, chain: frozenset[str]) -> None:
        record = self._ledger.records[firing.job]
        before = record.waiting or Waiting(firing.triggered_by)
        after = Waiting(before.triggered_by, before.chain | chain)
        if after != record.waiting:
            record.waiting = after
            self._commands.append(Wait(firing.job, after.triggered_by, after.chain))

    def _queue(
        self, job: str, triggered_by: str, mode: DependencyMode, chain: frozenset[str], *, manual: bool = False
    ) -> None:
        rule = self._graph.jobs[job]
        build = OpenBuild(
            id=self._ledger.next_build,
            job=job,
            triggered_by=triggered_by,
            mode=mode,
            manual=manual,
            chain=chain,
            priority=rule.priority,
            pool=rule.pool,
        )
        self._ledger.next_build += 1
        self._ledger.queue(build)
        self._commands.append(
            Queue(
                build=build.id,
                job=job,
                triggered_by=triggered_by,
                mode=mode,
                manual=manual,
                chain=chain,
                priority=rule.priority,
                pool=rule.pool,
            )
        )
        self._offer(job)

    def _ask(self, job: str) -> None:
        rule = self._graph.jobs.get(job)
        reason = f"{job} is not a job of the pipeline" if rule is None else gates.inconsistent(rule)
        if rule is None or reason is not None:
            self._commands.append(NotTriggered(job, job, reason or ""))
        else:
            self._queue(job, job, rule.mode, self._chain(job, frozenset()), manual=True)

    def _end(self, event: Ended) -> None:
        build = self._ledger.builds.get(event.build)
        if build is None:
            raise ValueError(f"build {event.build} ended with {event.status}, but it is not open")
        self._remove(build)
        self._ledger.records[build.job].last_status = event.status
        reached = end_of_build(self._graph, build.job, event.status, event.published)
        self._follow(reached, build.chain | {build.job})
        # After the triggers: what this end triggers joins the waiting entry that it releases.
        self._after_change_of(build.job)

    def _withdraw(self, number: int) -> None:
        build = self._ledger.builds.get(number)
        if build is not None and not build.processing:
            self._remove(build)
            self._after_change_of(build.job)

    def _remove(self, build: OpenBuild) -> None:
        self._ledger.remove(build)
        if build.processing:
            self._slots.free(build)

    def _pause(self, job: str, *, paused: bool) -> None:
        record = self._ledger.records.get(job)
        if record is not None:
            record.paused = paused
            self._release(job)
            self._after_change_of(job)

    def _stop_waiting(self, job: str) -> None:
        record = self._ledger.records.get(job)
        if record is not None and record.waiting is not None:
            record.waiting = None
            self._commands.append(StopWaiting(job))
            self._after_change_of(job)

    def _release(self, job: str) -> None:
        """Queue what the waiting entry of the job stands for, if nothing keeps it waiting any more."""
        waiting = self._ledger.records[job].waiting
        rule = self._graph.jobs.get(job)
        if waiting is None or rule is None or gates.keeps_waiting(self._graph, self._ledger, rule) is not None:
            return
        self._ledger.records[job].waiting = None
        self._commands.append(StopWaiting(job))
        self._queue(job, waiting.triggered_by, gates.STRICT, self._chain(job, waiting.chain))

    def _after_change_of(self, job: str) -> None:
        """Look again at what a job may have kept back: its own next build, its neighbours, who waits for it."""
        for below in self._graph.downstream.get(job, ()):
            self._release(below)
        self._offer(job)
        for neighbour in self._graph.neighbours.get(job, ()):
            self._offer(neighbour)

    def _settle(self) -> None:
        """Bring everything in line with a new graph."""
        gone = [build for build in self._ledger.builds.values() if build.job not in self._graph.jobs]
        for build in gone:
            if not build.processing:
                self._remove(build)
                self._commands.append(Withdraw(build.id, GONE))
        for job in sorted(self._ledger.records.keys() - self._graph.jobs.keys()):
            self._stop_waiting(job)
        for job in self._graph.jobs:
            self._release(job)
            self._offer(job)

    def _refill(self, pools: Mapping[str, int]) -> None:
        self._slots = Slots(pools)
        for build in self._ledger.builds.values():
            if build.processing:
                self._slots.occupy(build)
        for job in self._graph.jobs:
            self._offer(job)

    def _offer(self, job: str) -> None:
        build = self._ledger.next_of(job) if job in self._graph.jobs else None
        if build is not None and gates.too_early(self._graph, self._ledger, build) is None:
            self._slots.offer(build)

    def _decided(self) -> list[Command]:
        """Give the free slots away, and hand over what was decided."""
        while not self._draining and (number := self._slots.take()) is not None:
            build = self._ledger.builds.get(number)
            if build is not None and not build.processing and gates.too_early(self._graph, self._ledger, build) is None:
                self._ledger.start(build)
                self._slots.occupy(build)
                self._commands.append(Start(number))
                self._mark(build.job, stale=False)
                self._offer(build.job)
        self._slots.forget(self._ledger.builds)
        commands, self._commands = self._commands, []
        return commands

    def _mark(self, job: str, *, stale: bool) -> None:
        record = self._ledger.records[job]
        if record.stale != stale:
            record.stale = stale
            self._commands.append(Stale(job, stale))
