"""The nodes of a file: what YAML wrote, with the place of each, and their plain content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from runner.pipeline.model import Data
    from runner.pipeline.problems import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written. `plain` is false for what was quoted, a block, or tagged as text."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Unresolved(Scalar):
    """Stands where something could not be composed (an undefined alias). Its problem is already reported: whoever
    reads it takes the value as absent and adds nothing."""


@dataclass(frozen=True, slots=True)
class SequenceNode:
    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys in the order of the file; each text stands once."""

    entries: tuple[Entry, ...]
    place: Place

    def find(self, key: str) -> Entry | None:
        """The entry of this key, if it is there."""
        return next((entry for entry in self.entries if entry.key.text == key), None)


Node: TypeAlias = Scalar | SequenceNode | MappingNode

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
"""What may be a number: no more digits than every reader of JSON keeps."""


def is_null(node: Node) -> bool:
    """Whether nothing is written there (`~`, `null` or an empty value)."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


def scalar_data(scalar: Scalar) -> bool | int | float | str | None:
    """The value by the rule of `Data`: a number only where printing it gives back the text that was written."""
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return _number(text) if _NUMBER.fullmatch(text) else text


def _number(text: str) -> int | float | str:
    value = float(text) if "." in text else int(text)
    return value if str(value) == text else text


def data(node: Node) -> Data:
    """The plain content of a node."""
    if isinstance(node, Scalar):
        return scalar_data(node)
    if isinstance(node, SequenceNode):
        return tuple(data(item) for item in node.items)
    return {entry.key.text: data(entry.value) for entry in node.entries}


def kind_of(node: Node) -> str:
    """What a node is, in the words of a sentence: `a list`, `a number`."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    match scalar_data(node):
        case None:
            return "empty"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case _:
            return "text"
