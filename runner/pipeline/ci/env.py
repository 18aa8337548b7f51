"""`env`: variables that the shell evaluates, in every shape that files have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.names import is_variable, variable_key
from runner.pipeline.ci.keys import AXIS, ENV_KEYS, GLOBAL
from runner.pipeline.ci.model import Assignment, Env, EnvItem
from runner.pipeline.ci.words import canonical, word_of, words_of
from runner.pipeline.codes import Code
from runner.pipeline.kinds import flat
from runner.pipeline.nodes import MappingNode, Scalar, SequenceNode, Unresolved, is_null, kind_of
from runner.pipeline.sealed import SECURE, Secure
from runner.pipeline.secure import read_secure

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

_FORM = "a variable is 'KEY=value' or 'KEY: value'"


def read_env(spot: Spot) -> Env:
    """A list is an axis of the matrix; with `global` and `matrix` the first one is shared by all its items."""
    node = spot.node
    if not isinstance(node, MappingNode) or not any(entry.key.text in ENV_KEYS for entry in node.entries):
        return Env(axis=read_items(spot))
    shared: tuple[EnvItem, ...] = ()
    axis: tuple[EnvItem, ...] = ()
    for entry in node.entries:
        below = spot.at(entry.value, f".{entry.key.text}")
        if entry.key.text == GLOBAL.name:
            shared = read_items(below)
        elif entry.key.text == AXIS.name:
            axis = read_items(below)
        else:
            spot.at(entry.key, f".{entry.key.text}").error(
                Code.BESIDE_GLOBAL,
                f"'{entry.key.text}' stands beside global and matrix",
                "variables of all items belong below global",
            )
    return Env(shared=shared, axis=axis)


def read_items(spot: Spot) -> tuple[EnvItem, ...]:
    """A list of texts (`A=1 B="x y"`) and mappings, or one of them; what sets nothing is left out."""
    if is_null(spot.node):
        return ()
    items = (read_item(item) for item in flat(spot))
    return tuple(item for item in items if item is not None and item.parts)


def read_item(spot: Spot) -> EnvItem | None:
    """One item; None (and reported) where it is none."""
    node = spot.node
    if isinstance(node, Unresolved):
        return None
    if isinstance(node, MappingNode):
        return EnvItem(tuple(part for entry in node.entries for part in _entry(spot, entry.key, entry.value)))
    if isinstance(node, SequenceNode) or is_null(node):
        spot.error(Code.WRONG_VALUE, f"must be variables, not {kind_of(node)}", _FORM)
        return None
    return EnvItem(_text(spot, node.text))


def _entry(spot: Spot, key: Scalar, value: Scalar | SequenceNode | MappingNode) -> tuple[Assignment | Secure, ...]:
    below = spot.at(value, f".{key.text}")
    if key.text == SECURE:
        return read_secure(below)
    if not isinstance(value, Scalar):
        below.error(Code.WRONG_VALUE, f"the value of a variable must be text, not {kind_of(value)}")
        return ()
    name = _name(spot.at(key, f".{key.text}"), key.text)
    return (Assignment(name, "" if is_null(value) else word_of(value.text)),) if name else ()


def _text(spot: Spot, text: str) -> tuple[Assignment | Secure, ...]:
    words = words_of(text)
    if not words:
        told = "a quotation mark or a bracket has no end" if words is None else "names no variable"
        spot.error(Code.WRONG_VARIABLES, told, _FORM)
        return ()
    found: list[Assignment] = []
    for word in words:
        key, separator, value = word.partition("=")
        if separator and (name := _name(spot, key)):
            found.append(Assignment(name, canonical(value)))
        elif not separator:
            spot.warn(Code.SETS_NOTHING, f"'{word}' sets nothing", 'put a value that holds blanks in quotes: KEY="a b"')
    return tuple(found)


def _name(spot: Spot, text: str) -> str | None:
    key = variable_key(text)
    if is_variable(key):
        return key
    spot.error(Code.NOT_A_VARIABLE, f"'{text}' cannot be the name of a variable")
    return None
