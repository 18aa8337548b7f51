"""The kinds of values that only the content of some resources has."""

from __future__ import annotations

import re

from runner.names import is_variable, variable_key
from runner.pipeline.nodes import MappingNode, Scalar, Unresolved, kind_of
from runner.pipeline.report import Spot
from runner.pipeline.unsupported import SECURE

_SEMANTIC = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class SemanticVersion:
    """`1.2.3`, `v1.2.3-rc.1`."""

    def read(self, spot: Spot) -> str | None:
        return _checked(spot, _SEMANTIC.fullmatch(_text(spot)) is not None, "a semantic version")


class Cron:
    """Five fields, UTC; no names like `@daily`, no seconds."""

    def read(self, spot: Spot) -> str | None:
        return _checked(spot, is_cron(_text(spot)), "a cron expression (five fields)")


class Parameters:
    """A mapping with at least one key; keys become variables."""

    def read(self, spot: Spot) -> MappingNode | None:
        node = spot.node
        if isinstance(node, Unresolved):
            return None
        if not isinstance(node, MappingNode):
            spot.error(f"must be a mapping, not {kind_of(node)}")
            return None
        if not node.entries:
            spot.error("must hold at least one key")
        for entry in node.entries:
            name = entry.key.text
            if name != SECURE and not is_variable(variable_key(name)):
                spot.at(entry.key, f".{name}").warn(f"'{name}' cannot be the name of a variable")
        return node


def is_cron(text: str) -> bool:
    """Whether this is a cron expression with five fields."""
    fields = text.split()
    return len(fields) == 5 and all(
        all(_is_part(part, *_FIELDS[index]) for part in _numbered(field, index).split(","))
        for index, field in enumerate(fields)
    )


def _is_part(part: str, least: int, most: int) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    first, last, step = (None if group is None else int(group) for group in found.groups())
    bounds = [bound for bound in (first, last) if bound is not None]
    return all(least <= bound <= most for bound in bounds) and bounds == sorted(bounds) and step != 0


def _numbered(field: str, index: int) -> str:
    """Names of months and days as their numbers."""
    field = field.casefold()
    names = {3: (_MONTHS, 1), 4: (_DAYS, 0)}.get(index)
    if names is not None:
        for number, name in enumerate(names[0], names[1]):
            field = field.replace(name, str(number))
    return field


def _text(spot: Spot) -> str:
    return spot.node.text.strip() if isinstance(spot.node, Scalar) else ""


def _checked(spot: Spot, right: bool, what: str) -> str | None:
    if right:
        return _text(spot)
    if not isinstance(spot.node, Unresolved):
        written = f"'{spot.node.text}'" if isinstance(spot.node, Scalar) else kind_of(spot.node)
        spot.error(f"{written} is not {what}")
    return None
