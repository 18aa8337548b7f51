"""The scheduling rules through a long life: many pipelines, a queue that is never empty, a million events.

`python -m bench.simulate [--jobs 10000] [--events 1000000]` prints events a second, the memory, and what a decision
takes in the first and in the last tenth: what has ended must not make it slower, so the ratio is about 1.
"""

from __future__ import annotations

import resource
import time
from argparse import ArgumentParser
from array import array
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

from bench.figures import Figure
from runner.pipeline.model import DependencyMode
from runner.scheduling.events import Asked, Ended, Event, Paused, Queue, Resumed, Start, VersionMade, Withdraw
from runner.scheduling.graph import Graph, Input, JobRule
from runner.scheduling.rules import Rules

PIPELINE = 20  # jobs
POOLS = {"default": 200, "big": 50}
OPEN = 2_000  # builds that the world keeps queued or processing
ENDS = ("success",) * 92 + ("failure",) * 5 + ("error",) * 3
CHRONO, STRICT, IMMEDIATE = DependencyMode.CHRONO, DependencyMode.STRICT, DependencyMode.IMMEDIATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """`first` and `last`: what each decision of that tenth of the events took, in ns, sorted. Memory in MiB."""

    events: int
    builds: int
    seconds: float
    first: array[int]
    last: array[int]
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

    def next_event(self) -> Event:
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

    def take(self, event: Event) -> None:
        """Carry out what the rules decide."""
        for command in self.rules.apply(event):
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
    world = World(jobs)
    tenth = events // 10
    first, last = array("q"), array("q")
    memory_at_first = 0.0
    began = time.perf_counter()
    for number in range(events):
        event = world.next_event()
        before = time.thread_time_ns()
        world.take(event)
        if number < tenth:
            first.append(time.thread_time_ns() - before)
        elif number >= events - tenth:
            last.append(time.thread_time_ns() - before)
        if number == tenth:
            memory_at_first = _memory()
    seconds, memory = time.perf_counter() - began, _memory()
    return Life(
        events=events,
        builds=world.builds,
        seconds=seconds,
        first=array("q", sorted(first)),
        last=array("q", sorted(last)),
        memory_at_first=memory_at_first,
        memory=memory,
    )


def simulate() -> list[Figure]:
    """A reduced size for `make bench`: history must not slow a decision down, nor must more jobs."""
    large, small = live(10_000, 100_000), live(1_000, 100_000)
    return [
        *(
            Figure(
                what=f"a scheduling decision, p{percent}, at the end",
                measured=_microseconds(large.last, percent),
                floor=_microseconds(large.first, percent),
                unit="us",
                aim="about 1",
                floor_is="the same at the beginning, 90,000 events before",
            )
            for percent in (50, 99)
        ),
        Figure(
            what="a scheduling decision, p50, 10,000 jobs",
            measured=_microseconds(large.last, 50),
            floor=_microseconds(small.last, 50),
            unit="us",
            aim="about 1",
            floor_is="1,000 jobs",
        ),
    ]


def _microseconds(sorted_times: array[int], percent: int) -> float:
    return sorted_times[len(sorted_times) * percent // 100] / 1000


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.simulate", description="The scheduling rules through a long life.")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    life = live(options.jobs, options.events)
    print(f"{life.events} events over {options.jobs} jobs, {life.builds} builds, {life.seconds:.1f} s")
    print(f"{life.events / life.seconds:.0f} events/s, the simulated world included")
    print(f"peak memory {life.memory:.1f} MiB, {life.memory_at_first:.1f} MiB after the first tenth")
    for percent in (50, 99):
        first, last = _microseconds(life.first, percent), _microseconds(life.last, percent)
        print(f"p{percent} of a decision: {first:.1f} us in the first tenth, {last:.1f} us in the last")
        print(f"    ratio {last / first:.2f}")


if __name__ == "__main__":
    main()
