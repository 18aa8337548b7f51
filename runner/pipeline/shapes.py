"""The shapes of values that are more than one kind, as data for whoever describes the language. The readers of their
modules take what the shapes say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from runner.pipeline.fields import Keys
    from runner.pipeline.kinds import Kind


class Piece(Enum):
    """Shapes that have no parts."""

    ANYTHING = auto()
    NOTHING = auto()
    SCALAR = auto()
    LINE = auto()
    """One entry of a script: text that is not blank and no number."""
    VARIABLES = auto()
    """Variables by their names; their values are scalars."""
    ITEM_VARIABLES = auto()
    """The same, none of which is called `global` or `matrix`."""
    VARIABLE_TEXT = auto()
    """Variables in one text: `A=1 B="x y"`."""
    STEPS = auto()
    """Steps, by what the type of the job takes."""
    TASK = auto()
    """What TASK holds, by what the type of the job takes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mapping with the keys of a table. `needs` are keys of which something must be there, whatever it is; `closed`:
    no other key may be there."""

    keys: Keys
    needs: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """A mapping with the keys of a table, or a list of such mappings that counts as one."""

    keys: Keys


@dataclass(frozen=True, slots=True)
class Nested:
    """One of these, or a list of them and of such lists: with at least so many items, and, of mappings only, one that
    has the key `needs`. `single`: one alone counts as a list of one. `name` names it in a schema."""

    name: str
    items: tuple[Shape, ...]
    least: int = 0
    needs: str = ""
    single: bool = True


@dataclass(frozen=True, slots=True)
class Either:
    """One of these."""

    shapes: tuple[Shape, ...]


Shape: TypeAlias = "Piece | Part | Merged | Nested | Either | Kind[Any]"
