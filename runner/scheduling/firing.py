"""Which jobs a change reaches, by which input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runner.pipeline.model import DependencyMode
from runner.scheduling.ends import starts
from runner.scheduling.graph import Graph


@dataclass(frozen=True, slots=True)
class Firing:
    """The change of `triggered_by` starts `job`, as far as `mode` lets it."""

    job: str
    triggered_by: str
    mode: DependencyMode


@dataclass(frozen=True, slots=True)
class GrownStale:
    """The change came to `job` by a switched-off input."""

    job: str


Reached = Firing | GrownStale


def new_version(graph: Graph, resource: str) -> Iterator[Reached]:
    """What a new version of the resource reaches."""
    for job, step in graph.readers.get(resource, ()):
        if step.triggers:
            yield Firing(job, resource, step.mode or graph.jobs[job].mode)
        elif not step.switch and not step.pinned:
            yield GrownStale(job)


def end_of_build(graph: Graph, job: str, status: str, published: frozenset[str]) -> Iterator[Reached]:
    """What the end of a build reaches: by the resources it gave a new version (by name, so that the order is always
    the same), by the finished job itself, and the jobs that it names as OUT."""
    for name in sorted(published):
        if name not in graph.jobs:
            yield from new_version(graph, name)
    for reader, step in graph.readers.get(job, ()):
        if not starts(status, on_success=step.on_success, on_failure=step.on_failure):
            continue
        if step.triggers:
            yield Firing(reader, job, step.mode or graph.jobs[reader].mode)
        elif not step.switch and not step.pinned:
            yield GrownStale(reader)
    for name in sorted(published):
        if name in graph.jobs:
            yield Firing(name, job, graph.jobs[name].mode)


def single(graph: Graph, reached: Iterable[Reached]) -> list[Reached]:
    """One firing for each input name that changed; for strict one in all, under the name that was first.

    Strict ones come last, upstream before downstream: so each sees what the same change has queued above it."""
    found: dict[object, Reached] = {}
    for item in reached:
        match item:
            case Firing(mode=DependencyMode.STRICT):
                found.setdefault((item.job, item.mode), item)
            case _:
                found.setdefault(item, item)

    def turn(item: Reached) -> int:
        """Negative for all but strict ones, which stay in the order in which they came."""
        strict = isinstance(item, Firing) and item.mode is DependencyMode.STRICT
        return graph.rank[item.job] if strict else -len(graph.rank) - 1

    return sorted(found.values(), key=turn)
