"""Tables of keys: what a mapping may hold, as data, and the one reader for all of them."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast, overload

from runner.pipeline.codes import Code
from runner.pipeline.kinds import Kind
from runner.pipeline.nodes import MappingNode, is_null
from runner.pipeline.problems import nearest, slip
from runner.pipeline.report import Spot

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One key of a table. `doc` is one sentence for the reader of the language's reference; `instead` names the key
    that took its place where it is an older one; `filled`: nothing behind it is not the same as its absence."""

    name: str
    kind: Kind[T]
    doc: str
    required: bool = False
    instead: str = ""
    filled: bool = False


NOWHERE: Mapping[str, str] = {}
Keys: TypeAlias = Mapping[str, Key[Any]]
"""A table: the keys of one kind of mapping by their names."""


def table(*keys: Key[Any]) -> Keys:
    return {key.name: key for key in keys}


class Fields:
    """The values of one mapping that could be read, by their keys. `meant` are the keys that were meant by misspelt
    ones: that is reported, so nobody needs to miss them."""

    __slots__ = ("_values", "meant")

    def __init__(self, values: Mapping[str, object], meant: frozenset[str] = frozenset()) -> None:
        self._values = values
        self.meant = meant

    @overload
    def get(self, key: Key[T]) -> T | None: ...
    @overload
    def get(self, key: Key[T], default: D) -> T | D: ...
    def get(self, key: Key[T], default: D | None = None) -> T | D | None:
        """The value, or the default where the key is absent, empty or wrong."""
        return cast("T | D | None", self._values.get(key.name, default))


def read_fields(
    spot: Spot,
    node: MappingNode,
    keys: Keys,
    what: str,
    skip: Container[str] = (),
    elsewhere: Mapping[str, str] = NOWHERE,
) -> Fields:
    """Read a mapping by its table. A misspelt key is an error, any other unknown one a warning (real files carry
    strays), a missing one an error.

    `what` names the mapping in sentences (`a runSh job`); keys in `skip` are read elsewhere. `elsewhere` has keys that
    people look for here, and what they should write. A key with nothing behind it counts as absent.
    """
    values: dict[str, object] = {}
    present: set[str] = set()
    meant: set[str] = set()
    for entry in node.entries:
        name = entry.key.text
        key = keys.get(name)
        if name in skip:
            continue
        if key is None:
            meant.update(_tell_unknown(spot.at(entry.key, f".{name}"), name, keys, what, elsewhere))
        elif not is_null(entry.value):
            present.add(name)
            values[name] = key.kind.read(spot.at(entry.value, f".{name}"))
    for key in keys.values():
        if key.required and key.name not in present | meant and key.name not in skip:
            spot.error(Code.MISSING_KEY, f"{key.name} is required")
    return Fields({name: value for name, value in values.items() if value is not None}, frozenset(meant))


def read_key(spot: Spot, node: MappingNode, key: Key[T]) -> T | None:
    """The value of one key, read ahead of its table."""
    entry = node.find(key.name)
    if entry is None or is_null(entry.value):
        return None
    return key.kind.read(spot.at(entry.value, f".{key.name}"))


def _tell_unknown(
    spot: Spot, name: str, known: Collection[str], what: str, elsewhere: Mapping[str, str]
) -> tuple[str, ...]:
    """Report a key that nothing reads: an error where it is a known one misspelt; gives that one, if there is one."""
    if meant := slip(name, known):
        spot.error(Code.MISSPELT_KEY, f"'{name}' is not a key of {what}", f"did you mean '{meant}'?")
        return (meant,)
    spot.warn(
        Code.UNKNOWN_KEY, f"'{name}' is not a key of {what} and is ignored", elsewhere.get(name) or nearest(name, known)
    )
    return ()
