"""`env` of a TASK's runtime: variables in their order, later ones win."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runner.names import is_variable, variable_key
from runner.pipeline.codes import Code
from runner.pipeline.kinds import flat
from runner.pipeline.nodes import MappingNode, Node, Scalar, Unresolved, kind_of, scalar_data
from runner.pipeline.plain import variable_text
from runner.pipeline.report import Note
from runner.pipeline.unsupported import SECURE

if TYPE_CHECKING:
    from runner.pipeline.report import Spot


def read_env(spot: Spot, owner: str) -> tuple[tuple[str, str], ...]:
    """A mapping, or a list of mappings and of texts (`KEY=value`, `A=1 B="x y"`, `KEY:value`). `owner` is the job.

    Keys lose the characters a variable cannot have; values are taken literally.
    """
    env: dict[str, str] = {}
    for item in flat(spot):
        if isinstance(item.node, MappingNode):
            _mapping(item, item.node, owner, env)
        elif isinstance(item.node, Unresolved):
            continue
        elif isinstance(item.node, Scalar) and (pairs := _pairs(item.node.text)):
            item.warn(Code.OLD_SPELLING, "a variable is better written as 'KEY: value'")
            for key, value in pairs:
                _set(item, key, value, env)
        else:
            item.error(Code.WRONG_VALUE, "must be a mapping of variables, or a list of them")
    return tuple(env.items())


def _mapping(spot: Spot, node: MappingNode, owner: str, env: dict[str, str]) -> None:
    for entry in node.entries:
        name = entry.key.text
        below = spot.at(entry.value, f".{name}")
        if name == SECURE:
            spot.report.note(Note.SECURE_ENV, entry.key.place, owner)
        elif isinstance(entry.value, Scalar):
            _set(below, name, _value(entry.value), env)
        else:
            below.error(Code.WRONG_VALUE, f"the value of a variable must be text, not {kind_of(entry.value)}")


def _value(node: Node) -> str:
    return variable_text(scalar_data(node)) if isinstance(node, Scalar) else ""


def _set(spot: Spot, name: str, value: str, env: dict[str, str]) -> None:
    key = variable_key(name)
    if is_variable(key):
        env[key] = value
    else:
        spot.error(Code.NOT_A_VARIABLE, f"'{name}' cannot be the name of a variable")


def _pairs(text: str) -> list[tuple[str, str]]:
    """The variables of one text; an empty list where it names none."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if words and all("=" in word for word in words):
        return [_cut(word, "=") for word in words]
    separator = next((c for c in text if c in "=:"), "")
    return [_cut(text, separator)] if separator else []


def _cut(text: str, separator: str) -> tuple[str, str]:
    key, _, value = text.partition(separator)
    return key.strip(), value.strip() if separator == ":" else value
