"""The entries of `jobs`, `resources` and `triggers`: their names and types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.names import variable_prefix
from runner.pipeline.codes import Code
from runner.pipeline.fields import read_key
from runner.pipeline.job import read_job
from runner.pipeline.job_types import DEAD_JOBS, JOB_TYPES, NAME, RENAMED_JOBS, TYPE
from runner.pipeline.kinds import flat
from runner.pipeline.model import Job, Resource
from runner.pipeline.nodes import MappingNode, Scalar, SequenceNode, Unresolved, is_null, kind_of
from runner.pipeline.problems import Place, nearest, slip
from runner.pipeline.resource import read_resource
from runner.pipeline.resource_types import DEAD_RESOURCES, RESOURCE_TYPES
from runner.pipeline.unsupported import NOTED_RESOURCES, UNSUPPORTED_JOBS, UNSUPPORTED_RESOURCES

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

NAME_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]*")
MAX_NAME = 255
_NAME_RULE = f"letters, digits, '_', '-', '.' and spaces; first a letter, a digit or '_'; at most {MAX_NAME}"


class Section(StrEnum):
    """The lists of a file."""

    JOBS = "jobs"
    RESOURCES = "resources"
    TRIGGERS = "triggers"


SECTIONS: Mapping[Section, str] = {
    Section.JOBS: "What is run: each job has inputs, scripts and outputs.",
    Section.RESOURCES: "What jobs take as inputs and write as outputs.",
    Section.TRIGGERS: "Older: resources, of type trigger where they name no type.",
}
"""One sentence on each for the language's reference."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A name that is used, whether or not its entry can be read."""

    kind: str
    place: Place


@dataclass(slots=True)
class Entries:
    """All entries of all files so far. `declared` holds every name, also of entries that could not be read; `whole`
    is False where a misspelt key hides names, so that nobody can say which are missing."""

    jobs: dict[str, Job] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    declared: dict[str, Declared] = field(default_factory=dict)
    whole: bool = True


def read_section(spot: Spot, section: Section, entries: Entries) -> None:
    """One list of one file. Nothing behind the key is an empty list."""
    if isinstance(spot.node, SequenceNode):
        for number, item in enumerate(flat(spot)):
            _entry(item, section, number, entries)
    elif not is_null(spot.node) and not isinstance(spot.node, Unresolved):
        spot.error(Code.WRONG_VALUE, f"must be a list, not {kind_of(spot.node)}", "put '- ' before each entry")


def _entry(spot: Spot, section: Section, number: int, entries: Entries) -> None:
    node = spot.node
    if isinstance(node, Unresolved):
        return
    if not isinstance(node, MappingNode):
        spot.error(Code.WRONG_ENTRY, f"entry {number + 1} of {section} must be a mapping, not {kind_of(node)}")
        return
    name, kind = read_key(spot, node, NAME), read_key(spot, node, TYPE)
    if name is None:
        entries.whole &= not _missing(spot, node, NAME.name, f"entry {number + 1} of {section}")
    elif not _declare(spot.at(name, ".name"), name, section, entries):
        name = None
    if kind is None and section is Section.TRIGGERS and node.find(TYPE.name) is None:
        kind = Scalar("trigger", True, node.place)
    if kind is None:
        _missing(spot, node, TYPE.name, f"entry {number + 1} of {section}" if name is None else f"'{name.text}'")
    elif section is Section.JOBS:
        _job(spot, node, name, kind, entries)
    else:
        _resource(spot, node, name, kind, entries)


def _missing(spot: Spot, node: MappingNode, key: str, entry: str) -> bool:
    """Nothing is missing where something wrong is written: that is reported already. Gives whether the key is there,
    misspelt."""
    found = node.find(key)
    misspelt = next((e.key for e in node.entries if slip(e.key.text, (key,))), None)
    if found is None and misspelt is not None:
        below = spot.at(misspelt, f".{misspelt.text}")
        below.error(Code.MISSPELT_KEY, f"'{misspelt.text}' is not a key of {entry}", f"did you mean '{key}'?")
        return True
    if found is None or is_null(found.value):
        spot.error(Code.MISSING_KEY, f"{entry} has no {key}")
    return False


def _declare(spot: Spot, name: Scalar, section: Section, entries: Entries) -> bool:
    """Check the name and take it; false where it cannot be used."""
    text = name.text
    first = entries.declared.get(text)
    if first is not None:
        spot.error(Code.DUPLICATE_NAME, f"the name '{text}' is already used by a {first.kind} at {first.place}")
        return False
    entries.declared[text] = Declared("job" if section is Section.JOBS else "resource", name.place)
    if not NAME_PATTERN.fullmatch(text) or len(text) > MAX_NAME:
        spot.error(Code.WRONG_NAME, f"'{text[:40]}' cannot be a name", _NAME_RULE)
        return False
    if not variable_prefix(text):
        spot.warn(
            Code.NAMELESS_VARIABLES,
            f"'{text}' has no letter: its variables have no name of their own ('_PATH', '_STATE' …)",
        )
    if " " in text or "." in text:
        spot.warn(Code.UNSAFE_NAME, f"the name '{text}' holds a space or a dot: '-' and '_' are safer")
    return True


def _job(spot: Spot, node: MappingNode, name: Scalar | None, kind: Scalar, entries: Entries) -> None:
    below = spot.at(kind, ".type")
    if kind.text in RENAMED_JOBS:
        below.warn(Code.OLD_SPELLING, f"'{kind.text}' is an older name", f"use {RENAMED_JOBS[kind.text]}")
    job_type = JOB_TYPES.get(RENAMED_JOBS.get(kind.text, kind.text))
    if job_type is None:
        _unknown(below, kind.text, Section.JOBS, JOB_TYPES, DEAD_JOBS)
    elif name is not None:
        if job_type.name in UNSUPPORTED_JOBS:
            below.warn(
                Code.JOB_NOT_RUN,
                f"the {job_type.name} job '{name.text}' cannot run yet: {UNSUPPORTED_JOBS[job_type.name]}",
            )
        entries.jobs[name.text] = read_job(spot, node, name, job_type)


def _resource(spot: Spot, node: MappingNode, name: Scalar | None, kind: Scalar, entries: Entries) -> None:
    below = spot.at(kind, ".type")
    resource_type = RESOURCE_TYPES.get(kind.text)
    if resource_type is None:
        _unknown(below, kind.text, Section.RESOURCES, RESOURCE_TYPES, DEAD_RESOURCES)
    elif name is not None:
        if kind.text in UNSUPPORTED_RESOURCES:
            below.warn(
                Code.RESOURCE_NOT_READ,
                f"the {kind.text} '{name.text}' cannot be an input yet: {UNSUPPORTED_RESOURCES[kind.text]}",
            )
        if kind.text in NOTED_RESOURCES:
            spot.report.note(NOTED_RESOURCES[kind.text], kind.place, name.text)
        entries.resources[name.text] = read_resource(spot, node, name, resource_type)


def _unknown(spot: Spot, word: str, section: Section, known: Mapping[str, object], dead: Mapping[str, str]) -> None:
    of_jobs = section is Section.JOBS
    what = "job" if of_jobs else "resource"
    code = Code.UNKNOWN_JOB_TYPE if of_jobs else Code.UNKNOWN_RESOURCE_TYPE
    if word in dead:
        dead_code = Code.DEAD_JOB_TYPE if of_jobs else Code.DEAD_RESOURCE_TYPE
        spot.error(dead_code, f"'{word}' is no longer a {what} type", dead[word])
    elif word in RESOURCE_TYPES or word in JOB_TYPES:
        other = "resources" if word in RESOURCE_TYPES else "jobs"
        spot.error(code, f"'{word}' is not a {what} type", f"it belongs under '{other}'")
    else:
        spot.error(code, f"'{word}' is not a {what} type", nearest(word, known))
