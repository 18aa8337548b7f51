"""The language as a JSON Schema (draft 2020-12), for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.pipeline.ci.keys import CI, CI_KEYS, OLD
from runner.pipeline.entries import MAX_NAME, NAME_PATTERN, SECTIONS, Section
from runner.pipeline.fields import Key
from runner.pipeline.job_types import JOB_TYPES, NAME, RENAMED_JOBS, STEPS, TYPE, JobType, Tasks
from runner.pipeline.resource_types import RESOURCE_TYPES, ResourceType
from runner.reference.fragments import NULL, Fragments, Schema, present
from runner.reference.resources import resource_of
from runner.reference.steps import steps_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ENTRIES = {Section.JOBS: "job", Section.RESOURCES: "resource", Section.TRIGGERS: "trigger"}


def schema_of(*, strict: bool = False) -> Schema:
    """The schema of a pipeline file. What it refuses, the reader refuses; `strict` it refuses the keys too of which the
    reader says that they are misspelt or ignored."""
    fragments = Fragments(strict=strict)
    definitions = fragments.definitions
    definitions |= {f"job.{name}": _job(job_type, fragments) for name, job_type in JOB_TYPES.items()}
    definitions |= {f"resource.{name}": _resource(kind, fragments) for name, kind in RESOURCE_TYPES.items()}
    definitions["job"] = _entry({name: kind.doc for name, kind in JOB_TYPES.items()}, "job", RENAMED_JOBS)
    definitions["resource"] = _entry({name: kind.doc for name, kind in RESOURCE_TYPES.items()}, "resource", {})
    definitions["trigger"] = {
        "if": {"required": ["type"]},
        "then": fragments.refer("resource"),
        "else": fragments.refer("resource.trigger"),
    }
    sections = {section.value: _section(section, fragments) for section in SECTIONS}
    ci = {name: fragments.value(CI[name]) if name in CI else _older(name) for name in sorted(CI_KEYS)}
    return {
        "$schema": DRAFT,
        "title": "shippable.yml",
        "description": "A pipeline: jobs, the resources they use, and how commits are tested.",
        "type": ["object", "null"],
        "properties": {**sections, **ci},
        "$defs": dict(sorted(definitions.items())),
    }


def _older(name: str) -> Schema:
    """A key of the CI part that is not read any more."""
    told = f"Older: {OLD[name]}." if OLD[name] else "Older: it means nothing any more."
    return {"description": told, "deprecated": True}


def _section(section: Section, fragments: Fragments) -> Schema:
    """A list of entries; lists in it count as its own entries."""
    fragments.nested(section, [fragments.refer(_ENTRIES[section])])
    items = fragments.refer(section)
    return {"description": SECTIONS[section], "anyOf": [{"type": "array", "items": items}, NULL]}


def _entry(types: Mapping[str, str], family: str, renamed: Mapping[str, str]) -> Schema:
    """An entry whose type decides what else it holds."""
    words: list[Schema] = [{"const": name, "description": doc} for name, doc in types.items()]
    words += [{"const": old, "description": f"Older: {new}.", "deprecated": True} for old, new in renamed.items()]
    written = {name: [name, *(old for old, new in renamed.items() if new == name)] for name in types}
    return {
        "type": "object",
        "required": [NAME.name, TYPE.name],
        "properties": {TYPE.name: {"description": TYPE.doc, "anyOf": words}},
        "allOf": [
            {
                "if": {"required": [TYPE.name], "properties": {TYPE.name: {"enum": names}}},
                "then": {"$ref": f"#/$defs/{family}.{name}"},
            }
            for name, names in written.items()
        ],
    }


def _job(job_type: JobType, fragments: Fragments) -> Schema:
    table = {name: key for name, key in job_type.keys.items() if key is not STEPS}
    found = fragments.mapping(table, beside=(STEPS.name,))
    found["properties"] |= {NAME.name: _name(NAME), STEPS.name: fragments.value(STEPS, steps_of(job_type, fragments))}
    return _with_steps(found) if job_type.tasks is Tasks.SCRIPT else found


def _with_steps(found: Schema) -> Schema:
    """A job of scripts needs steps."""
    return {**found, "allOf": [present(STEPS.name)]}


def _resource(resource_type: ResourceType, fragments: Fragments) -> Schema:
    found = resource_of(resource_type, fragments)
    found["properties"][NAME.name] = _name(NAME)
    if resource_type.name == "trigger":
        found["required"] = [NAME.name]
    return found


def _name(key: Key[Any]) -> Schema:
    return {
        "description": key.doc,
        "type": ["string", "number", "boolean"],
        "pattern": f"^({NAME_PATTERN.pattern})$",
        "maxLength": MAX_NAME,
        "minimum": 0,
    }
