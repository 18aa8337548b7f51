"""Checks the content of a resource against the tables of its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.nodes import MappingNode, Node, Scalar, is_null
from runner.pipeline.problems import nearest, slip
from runner.pipeline.resource_types import ResourceType, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.pipeline.fields import Keys
    from runner.pipeline.report import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Where the content of a resource stands. `whole`: none of it was refused for what it is."""

    template: MappingNode | None
    old: Mapping[Section, MappingNode]
    whole: bool


def check_content(spot: Spot, name: Scalar, resource_type: ResourceType, content: Content) -> None:
    """Report wrong, missing and unknown content of the resource `name`."""
    values: dict[str, Node] = {}
    meant: set[str] = set()
    if content.template is not None:
        below = spot.at(content.template, ".versionTemplate")
        values |= _section(below, content.template, resource_type.content, resource_type, meant)
    for section, node in content.old.items():
        values |= _section(spot.at(node, f".{section}"), node, resource_type.section(section), resource_type, meant)
    if not content.whole:
        return
    subject = f"{resource_type.name} '{name.text}'"
    for key in resource_type.content.values():
        if key.required and key.name not in values and key.name not in meant:
            spot.report.error(Code.MISSING_CONTENT, name.place, spot.path, f"{subject}: {key.name} is required")
    if not meant:
        _check_together(spot.at(name, ""), subject, resource_type, values)


def _section(
    spot: Spot, node: MappingNode, keys: Keys, resource_type: ResourceType, meant: set[str]
) -> dict[str, Node]:
    """The values that are there, each read by its kind; `meant` takes the keys that misspelt ones stand for."""
    found: dict[str, Node] = {}
    for entry in node.entries:
        name = entry.key.text
        below = spot.at(entry.value, f".{name}")
        if name in keys and not is_null(entry.value):
            found[name] = entry.value
            if not _has_placeholder(entry.value):
                keys[name].kind.read(below)
        elif name not in keys and not resource_type.open:
            meant.update(_unknown(spot.at(entry.key, f".{name}"), name, keys, resource_type))
    return found


def _unknown(spot: Spot, name: str, keys: Keys, resource_type: ResourceType) -> tuple[str, ...]:
    """Report it: an error where a known key is misspelt; gives that one, if there is one."""
    message = f"'{name}' is not a known key here of a resource of type {resource_type.name}"
    place = next((section for section in Section if name in resource_type.section(section)), None)
    if place is not None:
        spot.warn(Code.UNKNOWN_CONTENT, message, f"it belongs under '{place}'")
        return ()
    if meant := slip(name, keys):
        spot.error(Code.MISSPELT_KEY, message, f"did you mean '{meant}'?")
        return (meant,)
    spot.warn(Code.UNKNOWN_CONTENT, message, nearest(name, keys))
    return ()


def _has_placeholder(node: Node) -> bool:
    """`$NAME` is filled in when a job uses the resource: what comes of it is not known here."""
    return isinstance(node, Scalar) and "$" in node.text


def _check_together(spot: Spot, subject: str, resource_type: ResourceType, values: Mapping[str, Node]) -> None:
    """What keys say about each other."""
    excluding = [key for key in resource_type.excluding if key in values]
    together = [key for key in resource_type.together if key in values]
    if len(excluding) > 1:
        spot.error(Code.EXCLUDING_KEYS, f"{subject}: {' and '.join(excluding)} exclude each other")
    if 0 < len(together) < len(resource_type.together):
        spot.error(Code.EXCLUDING_KEYS, f"{subject}: {' and '.join(resource_type.together)} need each other")
    elif resource_type.either and values.keys().isdisjoint(resource_type.either):
        spot.error(Code.MISSING_CONTENT, f"{subject}: {resource_type.either[0]} is required")
