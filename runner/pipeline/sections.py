"""Which sections of a file count, by its name, and which other keys it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from runner.pipeline.entries import Section

SUFFIX = "shippable.yml"
"""A file whose name ends so is read wherever it stands."""
TEMPLATES = "shippable.templates.yml"
LEGACY: Mapping[str, frozenset[Section]] = {
    "shippable.jobs.yml": frozenset({Section.JOBS}),
    "shippable.resources.yml": frozenset({Section.RESOURCES}),
    "shippable.triggers.yml": frozenset({Section.TRIGGERS, Section.RESOURCES}),
}
"""The older names, and what is read of each."""

CI_FILES = frozenset({"shippable.yml", ".shippable.yml"})
"""The files whose CI part counts, in the root of a repository."""
OTHER_LANGUAGE = "pipelines"
"""The top key of JFrog Pipelines, a later language under the same file names."""


def sections_of(name: str) -> frozenset[Section]:
    """What is read of a file of this name; everything of one that only its user knows."""
    return LEGACY.get(PurePath(name).name, frozenset(Section))


def is_templates(name: str) -> bool:
    return PurePath(name).name == TEMPLATES


def is_pipeline_file(name: str) -> bool:
    """Whether a file of this name is found in a directory."""
    return name.endswith(SUFFIX) or name in LEGACY
