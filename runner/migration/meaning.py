"""What entries of a pipeline mean, whichever syntax they are written in: equal where a rewriting changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from runner.pipeline.model import Job, Managed, Pipeline, Resource

Meaning: TypeAlias = object
_SYNTAX = frozenset({"place", "written", "yml", "syntax"})
"""The fields of the model that tell how something is written, and where."""
_MOVED = {"deployMethod": "method"}


def meanings(pipeline: Pipeline) -> Mapping[str, Meaning]:
    """The meaning of each job and resource by its name."""
    jobs = {name: _job(job) for name, job in pipeline.jobs.items()}
    return {**jobs, **{name: _resource(resource) for name, resource in pipeline.resources.items()}}


def _job(job: Job) -> Meaning:
    """The options of a managed job count wherever they stand."""
    options = dict(job.options)
    for step in job.steps:
        if isinstance(step, Managed):
            for key, value in step.options.items():
                options.setdefault(_MOVED.get(key, key), value)
    steps = tuple(Managed(place=s.place) if isinstance(s, Managed) else s for s in job.steps)
    known = {f.name: getattr(job, f.name) for f in fields(job) if f.name not in {"options", "steps"}}
    return _plain({**known, "options": options, "steps": steps})


def _resource(resource: Resource) -> Meaning:
    """The older syntax keeps what stands under `seed` apart; it is content too."""
    seed = resource.yml.get("seed")
    bag = {k: v for k, v in seed.items() if k != "versionName"} if isinstance(seed, Mapping) else {}
    known = {f.name: getattr(resource, f.name) for f in fields(resource) if f.name != "property_bag"}
    return _plain({**known, "property_bag": {**bag, **resource.property_bag}})


def _plain(value: object) -> Meaning:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if key not in _SYNTAX}
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return value
