"""The graph that the rules of a service decide by, made from a project."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runner.pipeline.graph import starts
from runner.pipeline.model import In, Job, Pipeline, TriggerMode
from runner.scheduling.graph import Graph, Input, JobRule
from runner.service.project import Project

DEFAULT_POOL = "default"


def graph_of(project: Project, pools: Collection[str]) -> Graph:
    """`pools` are the names of those that this host has: a job that names another one runs in the default pool."""
    own = {problem.node: problem.message for problem in project.problems if problem.node in project.pipeline.jobs}
    broken = {name: problem.message for name, problem in project.inconsistent.items() if name not in own}
    return Graph({job.name: _rule(project.pipeline, job, pools, own, broken) for job in project.pipeline.jobs.values()})


def _rule(
    pipeline: Pipeline, job: Job, pools: Collection[str], own: Mapping[str | None, str], broken: Mapping[str, str]
) -> JobRule:
    pool = job.runtime.node_pool
    return JobRule(
        name=job.name,
        inputs=tuple(_input(pipeline, step) for step in job.ins),
        outs=tuple(out.name for out in job.outs),
        mode=job.dependency_mode,
        parallel=job.trigger_mode is TriggerMode.PARALLEL,
        priority=job.priority,
        pool=pool if pool is not None and pool in pools else DEFAULT_POOL,
        inconsistent=own.get(job.name),
        broken=broken.get(job.name),
    )


def _input(pipeline: Pipeline, step: In) -> Input:
    resource = pipeline.resources.get(step.name)
    silent = resource is not None and resource.type == "state"  # a change of it never concerns its readers
    return Input(
        name=step.name,
        is_job=step.name in pipeline.jobs,
        switch=step.switch or silent,
        triggers=starts(pipeline, step),
        pinned=step.version_name is not None or step.version_number is not None,
        on_success=step.trigger_on_success,
        on_failure=step.trigger_on_failure,
        mode=step.dependency_mode,
    )
