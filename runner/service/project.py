"""A project: the files of a pipeline and the integrations it names, read together and checked against each other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runner.external.finding import find
from runner.integrations.model import Integration, IntegrationsReading
from runner.integrations.sources import default_path, read_integrations
from runner.notifications.destinations import why_not_sent
from runner.pipeline.checks import targets_of
from runner.pipeline.ci.model import CiPart, CiReading
from runner.pipeline.codes import Code
from runner.pipeline.ignores import Ignore
from runner.pipeline.model import In, Job, Named, Out, Pipeline, Resource
from runner.pipeline.problems import Problem, Severity, nearest
from runner.pipeline.reader import SourceFile, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`integrations_file` is None where no file was named and none was found; `problems` hold those of both; `sources`
    are the files that the pipeline was read from, `ignored` the comments in them that left a warning out; `ci` is the
    CI part of one of them, with its own problems."""

    pipeline: Pipeline
    sources: tuple[SourceFile, ...] = ()
    integrations: Mapping[str, Integration] = field(default_factory=dict)
    integrations_file: Path | None = None
    problems: tuple[Problem, ...] = ()
    ignored: frozenset[Ignore] = frozenset()
    ci: CiReading | None = None

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Those of the CI part too."""
        return (*self.problems, *(self.ci.problems if self.ci else ()))

    @property
    def refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def inconsistent(self) -> Mapping[str, Problem]:
        """The jobs and resources that cannot be used, with the first reason: also jobs that reach such a resource."""
        found: dict[str, Problem] = {}
        for problem in self.problems:
            if problem.severity is Severity.INCONSISTENT and problem.node:
                found.setdefault(problem.node, problem)
        broken = found.keys() & self.pipeline.resources.keys()
        for job in self.pipeline.jobs.values():
            reached = (step.name for step in job.steps if isinstance(step, In | Out) and step.name in broken)
            if (resource := next(reached, None)) is not None:
                found.setdefault(job.name, found[resource])
        return found


def read_project(paths: Sequence[Path], integrations_file: Path | None, *, offline: bool = False) -> Project:
    """Read everything; problems are collected, not raised. `offline`: nothing is fetched. Not inside an event loop."""
    files = find(paths, offline=offline)
    return project_of(files.files, integrations_file or default_path(base_directory(paths)), files.problems)


def project_of(sources: Sequence[SourceFile], path: Path | None, unreadable: Sequence[Problem] = ()) -> Project:
    """The project of files that were read already, with the integrations of `path`; `unreadable` are the problems of
    files that could not be read."""
    reading = read(sources, unreadable)
    found = IntegrationsReading(integrations={}) if path is None else read_integrations(path)
    checks: tuple[Problem, ...] = ()
    if not found.refused:
        checks = (
            *_check_integrations(reading.pipeline, found.integrations, path),
            *_check_notifications(reading.pipeline, found.integrations),
        )
    return Project(
        pipeline=reading.pipeline,
        sources=tuple(sources),
        integrations=found.integrations,
        integrations_file=path,
        problems=(*sorted((*reading.problems, *checks), key=lambda p: p.place), *found.problems),
        ci=reading.ci if found.refused else with_checked_ci(reading.ci, found.integrations, path),
        ignored=reading.ignored,
    )


def with_checked_ci(
    ci: CiReading | None, integrations: Mapping[str, Integration], path: Path | None
) -> CiReading | None:
    """The CI part, with a word about every notification whose integration cannot send it."""
    if ci is None:
        return None
    return replace(ci, problems=(*ci.problems, *_check_ci_notifications(ci.part, integrations, path)))


def base_directory(paths: Sequence[Path]) -> Path:
    """The directory that the first path is or lies in: `.runner/` stands there."""
    first = paths[0]
    return first if os.path.isdir(first) else first.parent


def _check_integrations(
    pipeline: Pipeline, integrations: Mapping[str, Integration], path: Path | None
) -> Iterator[Problem]:
    items: list[Resource | Job] = [*pipeline.resources.values(), *pipeline.jobs.values()]
    for item in items:
        for named in _named(item):
            if named.name not in integrations:
                yield Problem(
                    code=Code.UNDEFINED_INTEGRATION,
                    place=named.place,
                    severity=Severity.INCONSISTENT,
                    node=item.name,
                    subject=f"'{item.name}'",
                    message=f"names integration '{named.name}', which does not exist {_where(path)}",
                    hint=nearest(named.name, integrations),
                )


def _check_notifications(pipeline: Pipeline, integrations: Mapping[str, Integration]) -> Iterator[Problem]:
    """What hooks cannot tell anybody with: scripts may, so that the resource itself is in order."""
    for name in dict.fromkeys(target.name for job in pipeline.jobs.values() for target in targets_of(job)):
        resource = pipeline.resources.get(name)
        if resource is None or resource.integration is None or resource.property_bag.get("method"):
            continue
        integration = integrations.get(resource.integration.name)
        why = why_not_sent(integration.type.master_name) if integration is not None else None
        if integration is not None and why is not None:
            yield Problem(
                code=Code.NOTIFICATIONS,
                place=resource.integration.place,
                severity=Severity.WARNING,
                subject=f"'{name}'",
                message=f"nothing is sent by hooks: integration '{integration.name}' is of type "
                f"{integration.type.master_name}",
                hint=why,
            )


def _check_ci_notifications(
    part: CiPart, integrations: Mapping[str, Integration], path: Path | None
) -> Iterator[Problem]:
    for index, entry in enumerate(part.notifications):
        if entry.name is None or entry.type in ("email", "irc"):
            continue
        integration = integrations.get(entry.name.name)
        if integration is None:
            told = f"names integration '{entry.name.name}', which does not exist {_where(path)}: nobody is told"
            hint = nearest(entry.name.name, integrations)
        else:
            kind = integration.type.master_name
            told = f"nothing is sent: integration '{integration.name}' is of type {kind}"
            hint = why_not_sent(kind) or ""
        if integration is None or hint:
            yield Problem(
                code=Code.CI_INTEGRATION,
                place=entry.name.place,
                severity=Severity.WARNING,
                subject=f"integrations.notifications[{index}]",
                message=told,
                hint=hint,
            )


def _where(path: Path | None) -> str:
    return f"in {path}" if path else "because no integrations file was found or named"


def _named(item: Resource | Job) -> Sequence[Named]:
    match item:
        case Resource():
            return (item.integration,) if item.integration else ()
        case Job():
            return item.integrations
