"""Resources in JSON Schema, by their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner.pipeline.resource import (
    INITIAL,
    INTEGRATION,
    INTEGRATION_NAME,
    OLD,
    RESOURCE,
    SOURCE,
    SOURCE_KEYS,
    TEMPLATE,
    moved_to,
)
from runner.reference.fragments import Fragments, Schema, present

if TYPE_CHECKING:
    from runner.pipeline.fields import Keys
    from runner.pipeline.resource_types import ResourceType


def resource_of(resource_type: ResourceType, fragments: Fragments) -> Schema:
    """What a resource of this type holds."""
    sections = [(TEMPLATE, resource_type.content), *((key, resource_type.section(section)) for section, key in OLD)]
    properties = {key.name: fragments.value(key, _content(keys, resource_type, fragments)) for key, keys in sections}
    properties |= {key.name: fragments.value(key) for key in (SOURCE, INITIAL)}
    rules: list[Schema] = [{"not": present(TEMPLATE.name, key.name)} for _, key in OLD]
    if resource_type.integration:
        rules.append({"anyOf": [present(INTEGRATION.name), present(INTEGRATION_NAME.name)]})
    required = (key.name for key in resource_type.content.values() if key.required)
    rules.extend({"anyOf": list(_places(name, resource_type))} for name in required)
    if resource_type.either:
        rules.append({"anyOf": [place for key in resource_type.either for place in _places(key, resource_type)]})
    found = fragments.mapping(RESOURCE)
    found["properties"] |= properties
    return {**found, "allOf": rules}


def _content(keys: Keys, resource_type: ResourceType, fragments: Fragments) -> Schema:
    """What one place of the content holds."""
    found = fragments.mapping(keys)
    found["properties"] = {name: fragments.value(key, content=True) for name, key in keys.items()}
    found.pop("required", None)
    if resource_type.open:
        found.pop("additionalProperties", None)
    excluding, together = resource_type.excluding, resource_type.together
    if excluding and set(excluding) <= keys.keys():
        found["not"] = present(*excluding)
    if together and set(together) <= keys.keys():
        found["allOf"] = [{"if": present(one), "then": present(*together)} for one in together]
    return found


def _places(name: str, resource_type: ResourceType) -> Iterator[Schema]:
    """Everywhere a key of the content may stand."""
    yield _below(TEMPLATE.name, name)
    for section, key in OLD:
        if name in resource_type.section(section):
            yield _below(key.name, name)
            if moved_to(INITIAL, resource_type) is section:
                yield _below(INITIAL.name, name)
            if moved_to(SOURCE, resource_type) is section and name not in SOURCE_KEYS:
                yield _below(SOURCE.name, name)
            for older, place in SOURCE_KEYS.items():
                if place == (section, name):
                    yield _below(SOURCE.name, older)


def _below(section: str, name: str) -> Schema:
    return {"required": [section], "properties": {section: {"type": "object", **present(name)}}}
