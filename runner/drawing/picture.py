"""What is drawn of a pipeline: jobs and resources, and what feeds what. Every form of drawing starts from this."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from runner.pipeline.graph import components, order, starts

if TYPE_CHECKING:
    from runner.pipeline.model import In, Pipeline


class Line(Enum):
    """What an arrow means."""

    STARTS = auto()
    """A change of the input starts the job."""
    HELD = auto()
    """The job reads the input, but nothing of it starts the job: it is switched off, pinned, or a state."""
    WRITES = auto()
    """The job writes the resource."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """`label` tells why a held input starts nothing. `loop`: it is part of a loop of jobs that start each other."""

    source: str
    target: str
    line: Line
    label: str = ""
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A job or resource; `kind` is its type. `defined` is False where only its name is known."""

    name: str
    kind: str
    job: bool
    loop: bool = False
    defined: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """Nodes by their names: inputs before the jobs that read them, as far as loops allow."""

    nodes: Mapping[str, Node]
    arrows: tuple[Arrow, ...]


def picture_of(pipeline: Pipeline, around: Collection[str] = ()) -> Picture:
    """The whole pipeline, or these jobs with what they read and write, and the jobs on the other side of that."""
    plain = tuple(dict.fromkeys(_arrows(pipeline)))
    circles = _circles(plain)
    looped = {name for name, circle in circles.items() if circle >= 0}
    arrows = tuple(_marked(arrow, circles) for arrow in plain)
    kept = _around(arrows, around) if around else None
    names = [name for name in _names(pipeline) if kept is None or name in kept]
    return Picture(
        nodes={name: _node(pipeline, name, looped) for name in names},
        arrows=tuple(arrow for arrow in arrows if kept is None or {arrow.source, arrow.target} <= kept),
    )


def _arrows(pipeline: Pipeline) -> Iterator[Arrow]:
    for job in pipeline.jobs.values():
        for step in job.ins:
            line, label = _input(pipeline, step)
            yield Arrow(step.name, job.name, line, label)
        for out in job.outs:
            starting = out.name in pipeline.jobs
            yield Arrow(job.name, out.name, Line.STARTS if starting else Line.WRITES)


def _input(pipeline: Pipeline, step: In) -> tuple[Line, str]:
    if not step.switch:
        return Line.HELD, "off"
    if step.version_name is not None:
        return Line.HELD, f"pinned to {step.version_name}"
    if step.version_number is not None:
        return Line.HELD, f"pinned to {step.version_number}"
    known = step.name in pipeline.jobs or step.name in pipeline.resources
    return (Line.STARTS if starts(pipeline, step) or not known else Line.HELD), ""


def _circles(arrows: tuple[Arrow, ...]) -> Mapping[str, int]:
    """Which loop each node is part of; -1 for none."""
    graph: dict[str, list[str]] = {}
    for arrow in arrows:
        graph.setdefault(arrow.target, [])
        following = graph.setdefault(arrow.source, [])
        if arrow.line is not Line.HELD:
            following.append(arrow.target)
    circles: dict[str, int] = {}
    for number, group in enumerate(components(graph)):
        circle = number if len(group) > 1 or group[0] in graph[group[0]] else -1
        circles.update(dict.fromkeys(group, circle))
    return circles


def _marked(arrow: Arrow, circles: Mapping[str, int]) -> Arrow:
    circle = circles[arrow.source]
    loop = arrow.line is not Line.HELD and circle >= 0 and circle == circles[arrow.target]
    return Arrow(arrow.source, arrow.target, arrow.line, arrow.label, loop)


def _names(pipeline: Pipeline) -> list[str]:
    """Every name, each resource beside the first job that reads or writes it."""
    names: dict[str, None] = {}
    for job in order(pipeline):
        written = {out.name for out in pipeline.jobs[job].outs}
        names.update((step.name, None) for step in pipeline.jobs[job].ins if step.name not in pipeline.jobs)
        names[job] = None
        names.update(dict.fromkeys(name for name in sorted(written) if name not in pipeline.jobs))
    return [*names, *(name for name in pipeline.resources if name not in names)]


def _node(pipeline: Pipeline, name: str, looped: Collection[str]) -> Node:
    job = name in pipeline.jobs
    found = pipeline.jobs.get(name) or pipeline.resources.get(name)
    return Node(name, "not defined" if found is None else found.type, job, name in looped, found is not None)


def _around(arrows: tuple[Arrow, ...], around: Collection[str]) -> set[str]:
    ends = [{arrow.source, arrow.target} for arrow in arrows]
    beside = {name for pair in ends if not pair.isdisjoint(around) for name in pair}
    written = {arrow.target for arrow in arrows if arrow.source in around and arrow.line is Line.WRITES}
    read = {arrow.source for arrow in arrows if arrow.target in around}
    writers = {arrow.source for arrow in arrows if arrow.target in read and arrow.line is Line.WRITES}
    readers = {arrow.target for arrow in arrows if arrow.source in written}
    return {*around, *beside, *writers, *readers}
