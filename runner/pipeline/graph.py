"""The graph of a pipeline: which job feeds which, in what order they run, and where they form loops. Pure.

Jobs that write a resource feed the jobs that read it; a job may also name another job as input or output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from runner.pipeline.model import In, Job, Out, Pipeline

_Graph: TypeAlias = Mapping[str, Sequence[str]]
"""Every job and resource with its successors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`upstream` feeds `downstream` by way of `via`: a resource, or the job that is named itself.

    `switch` is that of the input. `triggers`: whether a change starts the downstream job at all (the switch is on,
    the input is not pinned, and it is no `state`); then `trigger_on_success` and `trigger_on_failure` tell after
    which end of the upstream job.
    """

    upstream: str
    downstream: str
    via: str
    switch: bool = True
    triggers: bool = True
    trigger_on_success: bool = True
    trigger_on_failure: bool = False


def edges(pipeline: Pipeline) -> tuple[Edge, ...]:
    """All edges, in the order of the downstream jobs, their inputs and the upstream jobs."""
    writers = _writers(pipeline)
    return tuple(edge for job in pipeline.jobs.values() for edge in _edges_into(pipeline, job, writers))


def loops(pipeline: Pipeline, *, triggering: bool = True) -> tuple[tuple[str, ...], ...]:
    """The groups of jobs that start each other for ever: in the order of the file, a job that starts itself too.

    Not `triggering`: the groups that feed each other, inputs that start nothing counted as well.
    """
    graph = _graph(pipeline, triggering=triggering)
    rank = {name: index for index, name in enumerate(pipeline.jobs)}
    found = []
    for group in components(graph):
        jobs = sorted((name for name in group if name in rank), key=rank.__getitem__)
        if jobs and (len(group) > 1 or jobs[0] in graph[jobs[0]]):
            found.append(tuple(jobs))
    return tuple(sorted(found, key=lambda jobs: rank[jobs[0]]))


def loop_path(pipeline: Pipeline, loop: Sequence[str]) -> tuple[str, ...]:
    """A shortest way through a loop from its first job back to it: `("a", "b", "a")`."""
    start, members = loop[0], frozenset(loop)
    graph = _graph(pipeline, triggering=True)
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting and start not in came_from:
        name = waiting.popleft()
        for successor in graph[name]:
            if successor not in came_from and (successor in members or successor in pipeline.resources):
                came_from[successor] = name
                waiting.append(successor)
    return _walk_back(came_from, start, members)


def order(pipeline: Pipeline) -> tuple[str, ...]:
    """All jobs, upstream before downstream; else in the order of the file. Jobs of a loop stand together, ordered
    by the inputs that trigger as far as that goes."""
    rank = {name: index for index, name in enumerate(pipeline.jobs)}
    triggering = _graph(pipeline, triggering=True)
    found: list[str] = []
    for group in _sorted_groups(_graph(pipeline, triggering=False), rank):
        if len(group) == 1:
            found.extend(name for name in group if name in rank)
            continue
        members = frozenset(group)
        inner = {name: [s for s in triggering[name] if s in members] for name in group}
        for subgroup in _sorted_groups(inner, rank):
            found.extend(sorted((name for name in subgroup if name in rank), key=rank.__getitem__))
    return tuple(found)


def _writers(pipeline: Pipeline) -> Mapping[str, list[tuple[Job, Out]]]:
    """Which jobs name what as output."""
    writers: dict[str, list[tuple[Job, Out]]] = {}
    for job in pipeline.jobs.values():
        for out in job.outs:
            writers.setdefault(out.name, []).append((job, out))
    return writers


def _edges_into(pipeline: Pipeline, job: Job, writers: Mapping[str, list[tuple[Job, Out]]]) -> Iterator[Edge]:
    for step in job.ins:
        triggers = starts(pipeline, step)
        if step.name in pipeline.jobs:
            yield Edge(
                upstream=step.name,
                downstream=job.name,
                via=step.name,
                switch=step.switch,
                triggers=triggers,
                trigger_on_success=step.trigger_on_success,
                trigger_on_failure=step.trigger_on_failure,
            )
        elif step.name in pipeline.resources:
            for writer, out in writers.get(step.name, ()):
                yield Edge(
                    upstream=writer.name,
                    downstream=job.name,
                    via=step.name,
                    switch=step.switch,
                    triggers=triggers,
                    trigger_on_failure=out.on_failure,
                )
    for writer, out in writers.get(job.name, ()):
        yield Edge(upstream=writer.name, downstream=job.name, via=job.name, trigger_on_failure=out.on_failure)


def starts(pipeline: Pipeline, step: In) -> bool:
    """Whether a change of this input starts its job."""
    if not step.switch or step.version_name is not None or step.version_number is not None:
        return False
    if step.name in pipeline.jobs:
        return step.trigger_on_success or step.trigger_on_failure
    resource = pipeline.resources.get(step.name)
    return resource is not None and resource.type != "state"


def _graph(pipeline: Pipeline, *, triggering: bool) -> _Graph:
    """Jobs and resources with their successors. Resources stay nodes: a resource with many writers and readers
    costs their sum, not their product."""
    graph: dict[str, list[str]] = {name: [] for name in (*pipeline.jobs, *pipeline.resources)}
    for job in pipeline.jobs.values():
        for step in job.ins:
            if step.name in graph and (not triggering or starts(pipeline, step)):
                graph[step.name].append(job.name)
        for out in job.outs:
            if out.name in graph:
                graph[job.name].append(out.name)
    return graph


def _sorted_groups(graph: _Graph, rank: Mapping[str, int]) -> Iterator[Sequence[str]]:
    """Strongly connected groups, each after those that feed it; of several possible ones the earliest in the file."""
    groups = list(components(graph))
    group_of = {name: index for index, group in enumerate(groups) for name in group}
    open_inputs = [0] * len(groups)
    for name, successors in graph.items():
        for successor in successors:
            open_inputs[group_of[successor]] += group_of[successor] != group_of[name]
    key = [min((rank[name] for name in group if name in rank), default=-1) for group in groups]
    ready = [(key[index], index) for index in range(len(groups)) if not open_inputs[index]]
    heapify(ready)
    while ready:
        _, index = heappop(ready)
        yield groups[index]
        for successor in (s for name in groups[index] for s in graph[name]):
            target = group_of[successor]
            if target != index:
                open_inputs[target] -= 1
                if not open_inputs[target]:
                    heappush(ready, (key[target], target))


def _walk_back(came_from: Mapping[str, str], start: str, jobs: frozenset[str]) -> tuple[str, ...]:
    path = [start]
    name = came_from.get(start, start)
    while name != start:
        path.append(name)
        name = came_from[name]
    return (start, *(name for name in reversed(path) if name in jobs))


def components(graph: _Graph) -> Iterator[Sequence[str]]:
    """Strongly connected components, without recursion: a chain may be as long as it likes."""
    search = _Search(graph)
    for name in graph:
        if name not in search.number:
            yield from search.walk(name)


class _Search:
    """Tarjan's search: `number` is the order of discovery, `low` the earliest open node that can be reached."""

    def __init__(self, graph: _Graph) -> None:
        self.number: dict[str, int] = {}
        self._graph = graph
        self._low: dict[str, int] = {}
        self._open: dict[str, None] = {}
        self._work: list[tuple[str, Iterator[str]]] = []

    def walk(self, root: str) -> Iterator[Sequence[str]]:
        """The components that are found from here."""
        self._enter(root)
        while self._work:
            name, successors = self._work[-1]
            if not self._advance(name, successors):
                self._work.pop()
                if self._work:
                    parent = self._work[-1][0]
                    self._low[parent] = min(self._low[parent], self._low[name])
                if self._low[name] == self.number[name]:
                    yield self._component(name)

    def _enter(self, name: str) -> None:
        self.number[name] = self._low[name] = len(self.number)
        self._open[name] = None
        self._work.append((name, iter(self._graph[name])))

    def _advance(self, name: str, successors: Iterator[str]) -> bool:
        """Go down to the next new successor; false where there is none left."""
        for successor in successors:
            if successor not in self.number:
                self._enter(successor)
                return True
            if successor in self._open:
                self._low[name] = min(self._low[name], self.number[successor])
        return False

    def _component(self, name: str) -> Sequence[str]:
        found: list[str] = []
        while not found or found[-1] != name:
            last, _ = self._open.popitem()
            found.append(last)
        return found
