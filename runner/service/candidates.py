"""What would be in force if the files of one pipeline took the place of its last good ones: worked out on a thread,
before anything is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.pipeline.codes import Code
from runner.pipeline.model import Job, Pipeline, Resource
from runner.pipeline.problems import Problem, Severity
from runner.scheduling.graph import Graph
from runner.service.changes import changes
from runner.service.engines import files
from runner.service.graphing import DEFAULT_POOL, graph_of
from runner.service.plan import digest
from runner.service.project import Project, project_of
from runner.service.selection import rules_again
from runner.store.rows import Source

GoodFiles = Mapping[str, Sequence[Source]]
"""The files of every pipeline by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the host gives to pipelines: its integrations, and the names of its pools."""

    integrations: Path | None
    pools: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`good` are the files of all pipelines, `told` the problems in sentences, `changes` what differs from what is in
    force; `plan` is the digest that `plan` prints, `files` that of the files of the one pipeline that is new."""

    good: GoodFiles
    project: Project
    graph: Graph
    plan: str
    files: str
    told: tuple[str, ...]
    changes: tuple[str, ...]

    def items(self, pipeline: str) -> list[Job | Resource]:
        """The jobs and resources that the files of a pipeline define."""
        paths = {source.path for source in self.good[pipeline]}
        found: list[Job | Resource] = [
            *self.project.pipeline.jobs.values(),
            *self.project.pipeline.resources.values(),
        ]
        return [item for item in found if item.place.file in paths]

    @property
    def sources(self) -> list[Source]:
        return [source for sources in self.good.values() for source in sources]


def weigh(good: GoodFiles, new: str | None, unreadable: Sequence[Problem], host: Host, before: Pipeline) -> Candidate:
    """Read everything; blocks. `new` is the pipeline that has other files, if one has; `unreadable` are the problems
    of those of its files that could not be read."""
    sources = tuple(source for of_pipeline in good.values() for source in of_pipeline)
    project = project_of(files(sources), host.integrations, unreadable)
    return Candidate(
        good=good,
        project=project,
        graph=graph_of(project, host.pools),
        plan=digest(project, rules_again(project, ())),
        files=files_digest(good[new], host.integrations) if new is not None else "",
        told=tuple(_told(project, host.pools)),
        changes=changes(before, project.pipeline),
    )


def files_digest(sources: Sequence[Source], integrations: Path | None) -> str:
    """Of everything that decides what is applied: the files, and the integrations that they may name."""
    text = repr([(source.path, source.text) for source in sources])
    found = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    with suppress(OSError):  # what cannot be read is told by whoever reads the integrations
        found.update(integrations.read_bytes() if integrations is not None else b"")
    return found.hexdigest()


def type_changed(item: Job | Resource, before: str) -> Problem:
    """The problem of a name that had another type."""
    return Problem(
        code=Code.TYPE_CHANGED,
        place=item.place,
        severity=Severity.ERROR,
        subject=f"'{item.name}'",
        message=f"was a {before} before and cannot become a {item.type}",
        hint=f"give it another name, or remove it from the file and call: runner purge {item.name}",
    )


def _told(project: Project, pools: Collection[str]) -> Iterator[str]:
    """The problems in sentences, with what only a service can know, without what is true of a local run only."""
    yield from (str(problem) for problem in project.problems if not problem.of_local_run)
    unknown: dict[str, list[str]] = {}
    for job in project.pipeline.jobs.values():
        if (pool := job.runtime.node_pool) is not None and pool not in pools:
            unknown.setdefault(pool, []).append(job.name)
    for pool, jobs in unknown.items():
        yield (
            f"warning: nodePool {pool} is no pool of this host, so these jobs run in the pool {DEFAULT_POOL}: "
            f"{', '.join(jobs)}"
        )
