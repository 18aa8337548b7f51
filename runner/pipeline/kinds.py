"""The kinds of values a key may hold. Each reads a node into a typed value, or reports what is wrong and gives None."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from runner.pipeline.codes import Code
from runner.pipeline.model import Data
from runner.pipeline.nodes import (
    MappingNode,
    Node,
    Scalar,
    SequenceNode,
    Unresolved,
    data,
    is_null,
    kind_of,
    scalar_data,
)
from runner.pipeline.problems import nearest
from runner.pipeline.report import Spot
from runner.pipeline.shapes import Shape

if TYPE_CHECKING:
    from runner.pipeline.fields import Keys

T_co = TypeVar("T_co", covariant=True)

_ON = frozenset({"true", "on", "yes"})
_OFF = frozenset({"false", "off", "no"})


class Kind(Protocol[T_co]):
    """How one kind of value is read."""

    def read(self, spot: Spot) -> T_co | None: ...


class Text:
    """One scalar, taken as the text that is written there (`2` and `0.10` too)."""

    def read(self, spot: Spot) -> str | None:
        if isinstance(spot.node, Scalar) and spot.node.text and not is_null(spot.node):
            return spot.node.text
        wrong(spot, "text")
        return None


class Word:
    """A name with its place: text that is not empty."""

    def read(self, spot: Spot) -> Scalar | None:
        if isinstance(spot.node, Scalar) and spot.node.text and not is_null(spot.node):
            return spot.node
        wrong(spot, "a name")
        return None


class Truth:
    """A boolean: `true`, `false`, and the older `on`, `off`, `yes`, `no`, quoted or not."""

    def read(self, spot: Spot) -> bool | None:
        word = spot.node.text.casefold() if isinstance(spot.node, Scalar) else ""
        if word in _ON or word in _OFF:
            return word in _ON
        wrong(spot, "true or false (or on or off)")
        return None


class Whole:
    """A whole number within limits, quoted or not."""

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def read(self, spot: Spot) -> int | None:
        value = _whole(spot.node)
        if value is None:
            wrong(spot, f"a whole number{self._limits()}")
        elif (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            wrong(spot, self._range())
        else:
            return value
        return None

    def _range(self) -> str:
        return f"at least {self.least}" if self.most is None else f"{self.least}..{self.most}"

    def _limits(self) -> str:
        return f", {self._range()}" if self.least is not None else ""


class Choice:
    """One of some words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def read(self, spot: Spot) -> str | None:
        if isinstance(spot.node, Scalar) and spot.node.text in self.words:
            return spot.node.text
        hint = nearest(spot.node.text, self.words) if isinstance(spot.node, Scalar) else ""
        wrong(spot, f"one of {', '.join(self.words)}", hint)
        return None


class Words:
    """A list of texts; a single text counts as a list of one, lists in lists (aliases) as one list."""

    def read(self, spot: Spot) -> tuple[Scalar, ...] | None:
        found: list[Scalar] = []
        for item in flat(spot):
            word = Word().read(item)
            if word is not None:
                found.append(word)
        return tuple(found)


class Table:
    """A mapping; `keys` are those that its reader knows, for whoever describes it."""

    def __init__(self, keys: Keys | None = None) -> None:
        self.keys = keys

    def read(self, spot: Spot) -> MappingNode | None:
        if isinstance(spot.node, MappingNode):
            return spot.node
        wrong(spot, "a mapping")
        return None


class Listing:
    """A list."""

    def read(self, spot: Spot) -> SequenceNode | None:
        if isinstance(spot.node, SequenceNode):
            return spot.node
        wrong(spot, "a list")
        return None


class Free:
    """Anything: its plain content."""

    def read(self, spot: Spot) -> Data:
        return data(spot.node)


class Form:
    """Something with several shapes: the reader of its own module looks at the node. `words` describe the shapes."""

    def __init__(self, words: str, shape: Shape) -> None:
        self.words = words
        self.shape = shape

    def read(self, spot: Spot) -> Node | None:
        return spot.node


def is_off(node: Node) -> bool:
    """Whether `false` is written there, or one of its older forms."""
    return isinstance(node, Scalar) and node.text.casefold() in _OFF


def flat(spot: Spot) -> Iterator[Spot]:
    """The items of a list and of the lists in it, in order (an alias in a list is a list in a list); a single value
    counts as a list of one."""
    if not isinstance(spot.node, SequenceNode):
        yield spot
        return
    for index, item in enumerate(spot.node.items):
        yield from flat(spot.at(item, f"[{index}]"))


def _whole(node: Node) -> int | None:
    if not isinstance(node, Scalar):
        return None
    value = scalar_data(Scalar(node.text, True, node.place))
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def wrong(spot: Spot, wanted: str, hint: str = "") -> None:
    """Report the wrong kind, unless what stands there was already reported."""
    node = spot.node
    if isinstance(node, Unresolved):
        return
    if isinstance(node, Scalar) and node.text and not is_null(node):
        spot.error(Code.WRONG_VALUE, f"must be {wanted}, not '{_short(node.text)}'", hint)
    else:
        spot.error(
            Code.WRONG_VALUE, f"must be {wanted}, not {kind_of(node) if not isinstance(node, Scalar) else 'empty'}"
        )


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    return line if line == text and len(line) <= 40 else line[:40] + "…"
