"""Random pipelines and random events, with the promises of the rules checked after every one of them.

The checks keep their own books, by the commands alone, and decide by brute force: they share nothing with the rules
but the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random

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
from runner.scheduling.graph import Graph, Input, JobRule
from runner.scheduling.rules import Rules
from runner.scheduling.snapshot import JobState, OpenBuild, Snapshot, Waiting
from tests.scheduling.world import CHRONO, IMMEDIATE, STRICT

MODES = (CHRONO, CHRONO, STRICT, STRICT, IMMEDIATE)
POOLS = ("default", "big", "gone")
ENDS = ("success",) * 6 + ("failure", "failure", "error", "cancelled", "timeout")


def random_graph(random: Random, *, sound: bool = False) -> Graph:
    """Up to nine jobs over five resources, with loops, gates, pins and jobs as outputs; `sound`: every job usable."""
    resources = [f"r{index}" for index in range(5)]
    names = [f"j{index}" for index in range(9) if random.random() < 0.8] or ["j0"]

    def step(name: str) -> Input:
        switch, pinned = random.random() < 0.8, random.random() < 0.1
        return Input(
            name=name,
            is_job=name in names,
            switch=switch,
            triggers=switch and not pinned and random.random() < 0.95,
            pinned=pinned,
            on_success=random.random() < 0.9,
            on_failure=random.random() < 0.2,
            mode=random.choice(MODES) if random.random() < 0.2 else None,
        )

    def rule(name: str) -> JobRule:
        inputs = random.sample([*names, *resources], random.randint(0, min(4, len(names))))
        return JobRule(
            name=name,
            inputs=tuple(step(chosen) for chosen in inputs),
            outs=tuple(random.sample([*resources, *names[:2]], random.randint(0, 2))),
            mode=random.choice(MODES),
            parallel=random.random() < 0.25,
            priority=random.choice((0, 5, 9999)),
            pool=random.choice(POOLS),
            inconsistent="no" if not sound and random.random() < 0.05 else None,
            broken="no" if not sound and random.random() < 0.05 else None,
        )

    return Graph({name: rule(name) for name in names})


@dataclass
class Books:
    """What someone who only carries out commands knows."""

    graph: Graph
    pools: Mapping[str, int]
    jobs: dict[str, JobState] = field(default_factory=dict)
    builds: dict[int, OpenBuild] = field(default_factory=dict)
    next_build: int = 1
    draining: bool = False
    causes: dict[int, frozenset[str]] = field(default_factory=dict)

    def take(self, event: Event) -> frozenset[str]:
        """Note the event; gives the jobs that truly caused it."""
        match event:
            case Synced():
                self.graph = event.graph
                # A build remembers the causes within the loop that its job was in when it was queued.
                self.causes = {build.id: frozenset({build.job}) for build in self.builds.values()}
            case Ended():
                build = self.builds.pop(event.build)
                self._set(build.job, last_status=event.status)
                return self.causes[build.id]
            case Withdrawn():
                del self.builds[event.build]
            case Paused() | Resumed():
                if event.job in self.jobs:
                    self._set(event.job, paused=isinstance(event, Paused))
            case PoolsSet():
                self.pools = event.pools
            case Draining():
                self.draining = event.on
            case VersionMade() | Asked() | WaitingDeleted():
                pass
        return frozenset()

    def carry_out(self, command: Command, causes: frozenset[str]) -> None:
        match command:
            case Queue():
                self.causes[command.build] = causes | {command.job}
                self.builds[command.build] = OpenBuild(
                    id=command.build,
                    job=command.job,
                    triggered_by=command.triggered_by,
                    mode=command.mode,
                    manual=command.manual,
                    chain=command.chain,
                    priority=command.priority,
                    pool=command.pool,
                )
                self.next_build = command.build + 1
            case Start():
                self.builds[command.build] = replace(self.builds[command.build], processing=True)
            case Wait():
                self._set(command.job, waiting=Waiting(command.triggered_by, command.chain))
            case StopWaiting():
                self._set(command.job, waiting=None)
            case Stale():
                self._set(command.job, stale=command.stale)
            case Withdraw():
                del self.builds[command.build]
            case NotTriggered():
                assert command.reason

    def snapshot(self) -> Snapshot:
        for name in self.graph.jobs:
            self.jobs.setdefault(name, JobState())
        builds = tuple(self.builds[number] for number in sorted(self.builds))
        return Snapshot(next_build=self.next_build, jobs=self.jobs, builds=builds, draining=self.draining)

    def queued(self, job: str | None = None) -> Iterator[OpenBuild]:
        return (b for b in self.builds.values() if not b.processing and job in (None, b.job))

    def processing(self, job: str | None = None) -> list[OpenBuild]:
        return [b for b in self.builds.values() if b.processing and job in (None, b.job)]

    def is_open(self, job: str) -> bool:
        return any(b.job == job for b in self.builds.values()) or self._state(job).waiting is not None

    def free(self, build: OpenBuild) -> int:
        pool = self._pool(build)
        return self.pools.get(pool, 0) - sum(self._pool(other) == pool for other in self.processing())

    def may_start(self, build: OpenBuild) -> bool:
        """By the words of the rules, over all builds."""
        if self._held(build) or self.free(build) <= 0:
            return False
        if any(other.id < build.id and not self._held(other) for other in self.queued(build.job)):
            return False
        if self.processing(build.job) and not self.graph.jobs[build.job].parallel:
            return False
        return build.mode is not CHRONO or not any(
            other.processing or (other.id < build.id and not self._held(other))
            for other in self.builds.values()
            if other.job != build.job and self._connected(build.job, other.job)
        )

    def best(self, build: OpenBuild) -> OpenBuild:
        """The build that the pool of this one must start now."""
        rivals = [b for b in self.queued() if self._pool(b) == self._pool(build) and self.may_start(b)]
        return min(rivals, key=lambda rival: (rival.priority, rival.id))

    def upstream(self, job: str) -> set[str]:
        """One step up, its own loop left out."""
        reads = {step.name for step in self.graph.jobs[job].inputs}
        found = {
            name for name, rule in self.graph.jobs.items() if name in reads or reads & set(rule.outs) - self._names
        }
        return {name for name in found if job not in self._above(name)}

    @property
    def _names(self) -> set[str]:
        return set(self.graph.jobs)

    def _above(self, job: str) -> set[str]:
        """Every job that reaches the job, by any edge."""
        found: set[str] = set()
        todo = [job]
        while todo:
            below = todo.pop()
            rule = self.graph.jobs[below]
            reads = {step.name for step in rule.inputs}
            for name, other in self.graph.jobs.items():
                if name not in found and (name in reads or reads & set(other.outs) or below in other.outs):
                    found.add(name)
                    todo.append(name)
        return found

    def _connected(self, one: str, other: str) -> bool:
        if not {one, other} <= self._names:
            return False
        edges = [(one, other), (other, one)]
        return any(step.is_job and step.name == b for a, b in edges for step in self.graph.jobs[a].inputs)

    def _held(self, build: OpenBuild) -> bool:
        return self._state(build.job).paused and not build.manual

    def _pool(self, build: OpenBuild) -> str:
        return build.pool if build.pool in self.pools else "default"

    def _state(self, job: str) -> JobState:
        return self.jobs.get(job, JobState())

    def _set(self, job: str, **changes: object) -> None:
        self.jobs[job] = replace(self._state(job), **changes)  # type: ignore[arg-type]  # the fields of JobState


class RandomWorld:
    """Rules, the books beside them, and a source of events."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        graph, self.pools = random_graph(self.random), {"default": 2, "big": 1}
        self.first = graph
        self.rules = Rules(graph, self.pools)
        self.books = Books(graph, self.pools)
        self.books.snapshot()
        self.history: list[tuple[Event, list[Command]]] = []

    def step(self) -> None:
        self.apply(self._event())

    def apply(self, event: Event) -> list[Command]:
        commands = self.rules.apply(event)
        self.history.append((event, commands))
        books = self.books
        causes = books.take(event)
        books.snapshot()
        for index, command in enumerate(commands):
            self._check(command, commands[index - 1] if index else None, event, causes)
            books.carry_out(command, causes)
        assert self.rules.snapshot() == books.snapshot()
        self._check_rest()
        return commands

    def drain(self) -> None:
        """Let everything end well, and start by hand what had failed; no other event comes."""
        books = self.books
        self.apply(Synced(random_graph(self.random, sound=True)))
        self.apply(PoolsSet({"default": 2, "big": 1}))
        self.apply(Draining(False))
        for name in books.graph.jobs:
            self.apply(Resumed(name))
        self.end_all()
        assert not books.builds
        for name in books.graph.jobs:
            if books.jobs[name].last_status not in (None, "success"):
                self.apply(Asked(name))
                self.end_all()
        assert not books.builds
        assert not any(state.waiting for state in books.jobs.values())

    def end_all(self) -> None:
        while running := self.books.processing():
            self.apply(Ended(running[0].id, "success"))

    def _check(self, command: Command, before: Command | None, event: Event, causes: frozenset[str]) -> None:
        books = self.books
        match command:
            case Queue(manual=False):
                waited = isinstance(before, StopWaiting) and before.job == command.job
                assert not books.jobs[command.job].paused
                if command.mode is STRICT:
                    assert books.jobs[command.job].waiting is None, "a strict group starts once"
                    assert not any(books.is_open(above) for above in books.upstream(command.job))
                if not waited:
                    assert command.job not in causes, "no job is its own cause"
            case Queue():
                assert isinstance(event, Asked)
            case Start():
                build = books.builds[command.build]
                assert not books.draining
                assert books.may_start(build)
                assert books.best(build) is build
            case Wait():
                assert any(books.is_open(above) for above in {*books.upstream(command.job), command.job})
            case _:
                pass

    def _check_rest(self) -> None:
        """What holds between two events."""
        books = self.books
        for build in books.queued():
            assert books.draining or not books.may_start(build), "nothing that may start waits"
            assert self.rules.explain(build.job), "what does not start has a reason"
        for name, state in books.jobs.items():
            assert state.waiting is None or self.rules.explain(name)

    def _event(self) -> Event:
        random, books = self.random, self.books
        job = random.choice([*books.graph.jobs, "j8", "j0"])
        chance = random.random()
        running = books.processing()
        if running and (chance < 0.55 or len(books.builds) > 30):
            return self._end(random.choice(running))
        if chance < 0.78:
            return VersionMade(random.choice(("r0", "r1", "r2", "r3", "r4", "unknown")))
        if chance < 0.84:
            return Asked(job)
        queued = list(books.queued())
        if chance < 0.88 and queued:
            return Withdrawn(random.choice(queued).id)
        if chance < 0.91:
            return Paused(job)
        if chance < 0.95:
            return Resumed(job)
        if chance < 0.96:
            return WaitingDeleted(job)
        if chance < 0.975:
            return PoolsSet({"default": random.randint(0, 3), random.choice(POOLS): random.randint(1, 2)})
        if chance < 0.99:
            return Draining(random.random() < 0.3)
        return Synced(random_graph(random))

    def _end(self, build: OpenBuild) -> Ended:
        status = self.random.choice(ENDS)
        rule = self.books.graph.jobs.get(build.job)
        outs = rule.outs if rule and status in ("success", "failure") else ()
        return Ended(build.id, status, frozenset(out for out in outs if self.random.random() < 0.7))
