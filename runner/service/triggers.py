"""The trigger rules of one run: what the pipeline's edges mean for the jobs that were asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from runner.pipeline.graph import Edge, edges, loops, order
from runner.pipeline.model import Job, Pipeline
from runner.scheduling.one_pass import Link, Rule


def whole_pipeline(pipeline: Pipeline, excluded: Mapping[str, str]) -> dict[str, Rule]:
    """Every job, by the trigger rules. `excluded` names jobs that cannot run at all, with the reason."""
    loop_of = {job: frozenset(loop) - {job} for loop in loops(pipeline, triggering=False) for job in loop}
    below = _by_downstream(edges(pipeline))
    return {
        name: Rule(
            job=name,
            excluded=excluded.get(name),
            priority=job.priority,
            links=tuple(_link(job, edge) for edge in below.get(name, ())),
            loop=loop_of.get(name, frozenset()),
        )
        for name, job in pipeline.jobs.items()
    }


def chosen_jobs(pipeline: Pipeline, names: Collection[str]) -> dict[str, Rule]:
    """Only the named jobs, each because a person asked for it; one that another needs goes first."""
    position = {name: index for index, name in enumerate(order(pipeline))}
    below = _by_downstream(edges(pipeline))
    return {
        name: Rule(
            job=name,
            manual=True,
            priority=pipeline.jobs[name].priority,
            links=tuple(
                _link(pipeline.jobs[name], edge)
                for edge in below.get(name, ())
                if edge.upstream in names and position[edge.upstream] < position[name]
            ),
        )
        for name in sorted(names, key=position.__getitem__)
    }


def _by_downstream(all_edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in all_edges:
        if edge.upstream != edge.downstream:
            found.setdefault(edge.downstream, []).append(edge)
    return found


def _link(job: Job, edge: Edge) -> Link:
    step = next((step for step in job.ins if step.name == edge.via), None)
    pinned = step is not None and (step.version_name is not None or step.version_number is not None)
    return Link(
        upstream=edge.upstream,
        via=edge.via,
        triggers=edge.triggers,
        pinned=pinned,
        on_success=edge.trigger_on_success,
        on_failure=edge.trigger_on_failure,
        mode=(step.dependency_mode if step else None) or job.dependency_mode,
    )
