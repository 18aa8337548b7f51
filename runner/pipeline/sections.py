"""Which sections of a file count, by its name, and which other keys it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from runner.pipeline.entries import Section

ENDINGS = (".yml", ".yaml")
"""Of every name below. The first is the platform's: it counts where both stand side by side."""
SUFFIX = "shippable.yml"
"""A file whose name ends so is read wherever it stands."""
TEMPLATES = "shippable.templates.yml"
LEGACY: Mapping[str, frozenset[Section]] = {
    "shippable.jobs.yml": frozenset({Section.JOBS}),
    "shippable.resources.yml": frozenset({Section.RESOURCES}),
    "shippable.triggers.yml": frozenset({Section.TRIGGERS, Section.RESOURCES}),
}
"""The older names, and what is read of each."""
LOCK = "shippable.lock"
"""What the external references of a templates file stand for; beside it."""

CI_FILES = ("shippable.yml", ".shippable.yml", "shippable.yaml", ".shippable.yaml")
"""The files whose CI part counts, in the root of a repository: the first of them that has one."""
OTHER_LANGUAGE = "pipelines"
"""The top key of JFrog Pipelines, a later language under the same file names."""
_ABROAD = "https://"


def base_name(name: str) -> str:
    """Of a file as people know it: in the root of a repository it is `shop:shippable.yml`."""
    return PurePath(name).name.rpartition(":")[2]


def sections_of(name: str) -> frozenset[Section]:
    """What is read of a file of this name; everything of one that only its user knows."""
    return LEGACY.get(_as_on_the_platform(base_name(name)), frozenset(Section))


def is_templates(name: str) -> bool:
    return _as_on_the_platform(base_name(name)) == TEMPLATES


def is_reference(name: str) -> bool:
    """Whether a text came from an external reference: then its name is an address."""
    return name[: len(_ABROAD)].casefold() == _ABROAD


def holds_anchors_only(name: str) -> bool:
    """Whether other files use the anchors of this one, and nothing else of it counts."""
    return is_reference(name) or is_templates(name)


def is_pipeline_file(name: str) -> bool:
    """Whether a file of this name is found in a directory."""
    name = _as_on_the_platform(name)
    return name.endswith(SUFFIX) or name in LEGACY


def twin(name: str) -> str:
    """The name of the file that counts in the place of this one where both are in a directory; an empty text where the
    name is the platform's."""
    other = _as_on_the_platform(name)
    return other if other != name else ""


def every_ending(name: str) -> tuple[str, ...]:
    """A name of the platform with each ending, the one that counts first."""
    return tuple(name.removesuffix(ENDINGS[0]) + ending for ending in ENDINGS)


def _as_on_the_platform(name: str) -> str:
    """The name with the ending that the platform knew."""
    return name.removesuffix(ENDINGS[1]) + ENDINGS[0] if name.endswith(ENDINGS[1]) else name
