"""Which jobs a call asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.errors import UsageError
from runner.pipeline.problems import nearest
from runner.scheduling.one_pass import Rule
from runner.service.project import Project
from runner.service.triggers import chosen_jobs, whole_pipeline


def select_rules(project: Project, jobs: Sequence[str]) -> Mapping[str, Rule]:
    """The rules of the whole pipeline, or of the jobs that were named. Raises UsageError for a name nothing has."""
    for name in jobs:
        if name not in project.pipeline.jobs:
            hint = nearest(name, project.pipeline.jobs)
            raise UsageError(f"--job {name}: there is no such job{f' ({hint})' if hint else ''}")
        if name in project.inconsistent:
            raise UsageError(f"--job {name}: {project.inconsistent[name]}")
    return rules_again(project, jobs)


def rules_again(project: Project, jobs: Sequence[str]) -> Mapping[str, Rule]:
    """The rules of a run that has begun: nothing is refused, whatever the integrations are by now."""
    if jobs:
        return chosen_jobs(project.pipeline, set(jobs) & project.pipeline.jobs.keys())
    excluded = {name: f"inconsistent: {problem.message}" for name, problem in project.inconsistent.items()}
    return whole_pipeline(project.pipeline, excluded)
