"""What the rules need to know of a pipeline: made once from the file, then asked at every event. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from runner.pipeline.graph import components
from runner.pipeline.model import DependencyMode

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One IN of a job: `name` is a resource or, where `is_job`, a job.

    `triggers`: a change may start the job at all (the switch is on, no pin, no `state`). A switched-off input marks
    its job as stale instead; a pinned one and a `state` (`switch` on, `triggers` off) do nothing.
    `on_success` and `on_failure` are `triggerOnSuccess` and `triggerOnFailure` of an input job; `mode` overrides the
    job's mode for what this input starts."""

    name: str
    is_job: bool = False
    switch: bool = True
    triggers: bool = True
    pinned: bool = False
    on_success: bool = True
    on_failure: bool = False
    mode: DependencyMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRule:
    """What the file fixes about one job.

    `outs`: the resources, and the jobs, that it names as OUT. `priority`: 0 goes first. `inconsistent`: why its own
    definition cannot be used; `broken`: why a dependency of it cannot (inconsistent or removed)."""

    name: str
    inputs: tuple[Input, ...] = ()
    outs: tuple[str, ...] = ()
    mode: DependencyMode = DependencyMode.CHRONO
    parallel: bool = False
    priority: int = 9999
    pool: str = "default"
    inconsistent: str | None = None
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """A job that a strict build waits for; the last status of a pinned one does not matter, `on_failure` tolerates
    `failure`."""

    job: str
    pinned: bool = False
    on_failure: bool = False


class Graph:
    """The jobs and how they hang together.

    - `readers` of a job or resource: the jobs that name it as IN, with that input.
    - `writers` of a resource (or job): the jobs that name it as OUT.
    - `neighbours` of a job: its input jobs and the jobs whose input it is, which chrono keeps apart.
    - `upstream` of a job, for strict: its input jobs and the writers of its input resources, switched-off inputs
      counted, but for the jobs of its own loop, which cannot wait for each other; `downstream` is the reverse.
    - `loops`: for each job of a loop all jobs of the loop, itself too; switched-off inputs counted.
    - `rank`: what is upstream has the smaller one (jobs of a loop have the same).
    """

    __slots__ = ("downstream", "jobs", "loops", "neighbours", "rank", "readers", "upstream", "writers")

    def __init__(self, jobs: Mapping[str, JobRule]) -> None:
        self.jobs: Mapping[str, JobRule] = dict(jobs)
        self.readers = _grouped((step.name, (job.name, step)) for job in jobs.values() for step in job.inputs)
        self.writers = _grouped((out, job.name) for job in jobs.values() for out in job.outs)
        self.neighbours = _grouped(_neighbours(jobs))
        groups = tuple(_groups(jobs))
        self.rank = {name: -index for index, group in enumerate(groups) for name in group.jobs}
        self.loops = {name: group.jobs for group in groups if group.is_loop for name in group.jobs}
        self.upstream: Mapping[str, tuple[Upstream, ...]] = {
            job.name: tuple(self._upstream(job)) for job in jobs.values() if job.inputs
        }
        self.downstream = _grouped((above.job, job) for job, found in self.upstream.items() for above in found)

    def loop(self, job: str) -> frozenset[str]:
        """The jobs of the loop that the job is in; empty where it is in none."""
        return self.loops.get(job, frozenset())

    def _upstream(self, job: JobRule) -> Iterator[Upstream]:
        """An input job counts by its own input even where a resource of it is an input, too."""
        found = {step.name: Upstream(step.name, step.pinned, step.on_failure) for step in job.inputs if step.is_job}
        by_resource: dict[str, Upstream] = {}
        for step in job.inputs:
            for writer in () if step.is_job else self.writers.get(step.name, ()):
                pinned = step.pinned and (writer not in by_resource or by_resource[writer].pinned)
                by_resource[writer] = Upstream(writer, pinned)
        loop = self.loop(job.name)
        together = {**by_resource, **found}
        return (above for above in together.values() if above.job in self.jobs and above.job not in loop)


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, tuple[V, ...]]:
    """The different values of each key, in the order in which they came."""
    found: dict[K, dict[V, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}


def _neighbours(jobs: Mapping[str, JobRule]) -> Iterator[tuple[str, str]]:
    for job in jobs.values():
        for step in job.inputs:
            if step.is_job and step.name in jobs and step.name != job.name:
                yield job.name, step.name
                yield step.name, job.name


@dataclass(frozen=True, slots=True)
class _Group:
    """Jobs that all reach each other; a single job may reach itself."""

    jobs: frozenset[str]
    is_loop: bool


def _groups(jobs: Mapping[str, JobRule]) -> Iterator[_Group]:
    """What is downstream comes first. Resources are nodes of their own: one with many writers and readers costs
    their sum, not their product."""
    below: dict[str, list[str]] = {name: [] for name in jobs}
    for job in jobs.values():
        for out in job.outs:
            below.setdefault(out, [])
            below[job.name].append(out)
        for step in job.inputs:
            below.setdefault(step.name, []).append(job.name)
    for group in components(below):
        is_loop = len(group) > 1 or group[0] in below[group[0]]
        yield _Group(frozenset(name for name in group if name in jobs), is_loop)
