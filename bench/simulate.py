"""The scheduling rules through a long life: many pipelines, a queue that is never empty, a million events.

`python -m bench.simulate [--jobs 10000] [--events 1000000]` prints events a second, the memory, and what a decision
takes in the first and in the last tenth: what has ended must not make it slower, so the ratio is about 1.
"Decision" is one `apply`: an event in, all commands that follow out.
"""

from __future__ import annotations

import resource
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import TypeAlias

from bench.figures import Figure
from runner.pipeline.model import DependencyMode
from runner.scheduling.events import Asked, Command, Ended, Event, Paused, Queue, Resumed, Start, VersionMade, Withdraw
from runner.scheduling.graph import Graph, Input, JobRule
from runner.scheduling.rules import Rules

PIPELINE = 20  # jobs
POOLS = {"default": 200, "big": 50}
TENTH = 10_000  # events
TURN = 100  # events
OPEN = 2_000  # builds that the world keeps queued or processing
ENDS = ("success",) * 92 + ("failure",) * 5 + ("error",) * 3
CHRONO, STRICT, IMMEDIATE = DependencyMode.CHRONO, DependencyMode.STRICT, DependencyMode.IMMEDIATE


Times: TypeAlias = list[int]
"""Nanoseconds, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """`first` and `last`: what the decisions of those tenths of the events took. Memory in MiB, the highest so far."""

    builds: int
    events_a_second: float
    first: Times
    last: Times
    memory_at_first: float
    memory: float


class World:
    """What stands around the rules: it ends builds in the order of simulated time and makes new versions."""

    def __init__(self, jobs: int) -> None:
        self._random = Random(1)
        self._pipelines = max(1, jobs // PIPELINE)
        rules = {rule.name: rule for number in range(self._pipelines) for rule in pipeline(self._random, number)}
        self.rules = Rules(Graph(rules), POOLS)
        self._outs = {rule.name: frozenset(rule.outs) for rule in rules.values()}
        self._names = list(rules)
        self._paused: list[str] = []
        self._job_of: dict[int, str] = {}
        self._ends: list[tuple[float, int]] = []
        self._now = 0.0
        self.builds = 0

    def go_on(self, events: int) -> None:
        for _ in range(events):
            self._carry_out(self.rules.apply(self._next_event()))

    def decide(self) -> int:
        """Go on by one event; gives what the decision took, in ns of this thread."""
        event = self._next_event()
        began = time.thread_time_ns()
        commands = self.rules.apply(event)
        taken = time.thread_time_ns() - began
        self._carry_out(commands)
        return taken

    def _next_event(self) -> Event:
        """A new version where the queue runs low, else the next end; now and then what people do."""
        random = self._random
        chance = random.random()
        if chance < 0.002:
            self._paused.append(random.choice(self._names))
            return Paused(self._paused[-1])
        if chance < 0.01 and len(self._paused) > 20:
            return Resumed(self._paused.pop(random.randrange(len(self._paused))))
        if chance < 0.02:
            return Asked(random.choice(self._names))
        if len(self._job_of) < OPEN:
            return VersionMade(f"git{random.randrange(self._pipelines)}")
        return self._end()

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Queue():
                    self.builds += 1
                    self._job_of[command.build] = command.job
                case Start():
                    heappush(self._ends, (self._now + self._random.expovariate(1), command.build))
                case Withdraw():
                    del self._job_of[command.build]

    def _end(self) -> Event:
        if not self._ends:  # all that is open is held by paused jobs
            return Resumed(self._paused.pop())
        self._now, build = heappop(self._ends)
        status = self._random.choice(ENDS)
        outs = self._outs[self._job_of.pop(build)]
        return Ended(build, status, outs if status == "success" else frozenset())


def pipeline(random: Random, number: int) -> list[JobRule]:
    """A tree of jobs behind a repository, joined by strict jobs; some are loops that end in their first job."""
    rules = []
    for index in range(PIPELINE):
        name, mode = f"p{number}_{index}", random.choices((CHRONO, STRICT, IMMEDIATE), (6, 3, 1))[0]
        above = random.sample(range(index), min(index, 3 if mode is STRICT else 1))
        inputs = [
            Input(name=f"p{number}_{job}", is_job=True) if random.random() < 0.5 else Input(name=f"r{number}_{job}")
            for job in above
        ]
        if not index:
            inputs = [Input(name=f"git{number}"), Input(name=f"r{number}_{PIPELINE - 1}")][: 1 + (number % 10 == 0)]
        rules.append(
            JobRule(
                name=name,
                inputs=tuple(inputs),
                outs=(f"r{number}_{index}",),
                mode=mode,
                parallel=random.random() < 0.1,
                priority=random.choice((0, 100, 9999, 9999)),
                pool="big" if random.random() < 0.2 else "default",
            )
        )
    return rules


def live(jobs: int, events: int) -> Life:
    """The last tenth is taken in turns with the first tenth of another life, so that the noise of the machine meets
    both."""
    world = World(jobs)
    tenth = events // 10
    began = time.thread_time()
    world.go_on(tenth)
    memory_at_first = _memory()
    world.go_on(events - 2 * tenth)
    seconds, memory = time.thread_time() - began, _memory()
    last, first = in_turns(world, World(jobs), tenth)
    return Life(
        builds=world.builds,
        events_a_second=(events - tenth) / seconds,
        first=first,
        last=last,
        memory_at_first=memory_at_first,
        memory=memory,
    )


def in_turns(one: World, other: World, events: int) -> tuple[Times, Times]:
    """What each decision of the next events takes, in ns of this thread, sorted."""
    taken: tuple[list[int], list[int]] = [], []
    for _ in range(events // TURN):
        for world, times in zip((one, other), taken, strict=True):
            times += [world.decide() for _ in range(TURN)]
    return sorted(taken[0]), sorted(taken[1])


def simulate() -> list[Figure]:
    """A reduced size for `make bench`: history must not slow a decision down, nor must more jobs."""
    life = live(10_000, 100_000)
    many, few = World(10_000), World(1_000)
    many.go_on(TENTH)
    few.go_on(TENTH)
    of_many, of_few = in_turns(many, few, TENTH)
    late = [(percent, life.last, life.first, "the first of another life in turns") for percent in (50, 99)]
    return [
        Figure(
            what=f"a scheduling decision, p{percent}, {what}",
            measured=_microseconds(measured, percent),
            floor=_microseconds(floor, percent),
            unit="us",
            aim="about 1",
            floor_is=floor_is,
        )
        for what, percent, measured, floor, floor_is in (
            *(("after 90,000", *row) for row in late),
            ("10,000 jobs", 50, of_many, of_few, "1,000 jobs in turns"),
        )
    ]


def _microseconds(sorted_times: Times, percent: int) -> float:
    return sorted_times[len(sorted_times) * percent // 100] / 1000


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.simulate", description="The scheduling rules through a long life.")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    life = live(options.jobs, options.events)
    print(f"{options.events} events over {options.jobs} jobs, {life.builds} builds")
    print(f"{life.events_a_second:.0f} events/s of processor time, the simulated world included")
    print(f"peak memory {life.memory:.1f} MiB, {life.memory_at_first:.1f} MiB after the first tenth")
    for percent in (50, 99):
        first, last = _microseconds(life.first, percent), _microseconds(life.last, percent)
        print(f"p{percent} of a decision: {first:.1f} us first, {last:.1f} us last, ratio {last / first:.2f}")


if __name__ == "__main__":
    main()
