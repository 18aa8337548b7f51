"""What one version of the files changes of another, in sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from runner.pipeline.model import Job, Pipeline, Resource
from runner.service.plan import shape


def changes(before: Pipeline, after: Pipeline) -> tuple[str, ...]:
    """`job deploy: added`, `resource img: removed`, `job build: changed (steps, priority)`."""
    return (*_changes("job", before.jobs, after.jobs), *_changes("resource", before.resources, after.resources))


def _changes(kind: str, before: Mapping[str, Job | Resource], after: Mapping[str, Job | Resource]) -> Iterator[str]:
    for name in after:
        if name not in before:
            yield f"{kind} {name}: added"
        elif parts := _parts(before[name], after[name]):
            yield f"{kind} {name}: changed ({', '.join(parts)})"
    for name in before:
        if name not in after:
            yield f"{kind} {name}: removed"


def _parts(before: Job | Resource, after: Job | Resource) -> list[str]:
    """The fields that differ, wherever they stand in their files."""
    if type(before) is not type(after):
        return ["type"]
    return [
        field.name
        for field in dataclasses.fields(after)
        if field.name != "place" and shape(getattr(before, field.name)) != shape(getattr(after, field.name))
    ]
