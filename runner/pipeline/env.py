"""`env` of a TASK's runtime: variables in their order, later ones win."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.names import is_variable, variable_key
from runner.pipeline.codes import Code
from runner.pipeline.kinds import flat
from runner.pipeline.nodes import MappingNode, Node, Scalar, Unresolved, kind_of, scalar_data
from runner.pipeline.plain import variable_text
from runner.pipeline.sealed import SECURE, Secure
from runner.pipeline.secure import read_secure

if TYPE_CHECKING:
    from runner.pipeline.model import TaskEnv
    from runner.pipeline.report import Spot


@dataclass(slots=True)
class TaskVariables:
    """Collects the variables of a TASK: a later one of the same name takes the place of an earlier one."""

    _parts: dict[str | Secure, str] = field(default_factory=dict)

    def set(self, name: str | Secure, value: str = "") -> None:
        if any(isinstance(part, Secure) for part in self._parts):
            self._parts.pop(name, None)  # what is encrypted between the two may set it as well
        self._parts[name] = value

    def merged(self) -> TaskEnv:
        return tuple(name if isinstance(name, Secure) else (name, value) for name, value in self._parts.items())


def read_env(spot: Spot, env: TaskVariables) -> None:
    """Add a mapping, or a list of mappings and of texts (`KEY=value`, `A=1 B="x y"`, `KEY:value`).

    Keys lose the characters a variable cannot have; values are taken literally.
    """
    for item in flat(spot):
        if isinstance(item.node, MappingNode):
            _mapping(item, item.node, env)
        elif isinstance(item.node, Unresolved):
            continue
        elif isinstance(item.node, Scalar) and (pairs := _pairs(item.node.text)):
            item.warn(Code.OLD_SPELLING, "a variable is better written as 'KEY: value'")
            for key, value in pairs:
                _set(item, key, value, env)
        else:
            item.error(Code.WRONG_VALUE, "must be a mapping of variables, or a list of them")


def _mapping(spot: Spot, node: MappingNode, env: TaskVariables) -> None:
    for entry in node.entries:
        name = entry.key.text
        below = spot.at(entry.value, f".{name}")
        if name == SECURE:
            for secure in read_secure(below):
                env.set(secure)
        elif isinstance(entry.value, Scalar):
            _set(below, name, _value(entry.value), env)
        else:
            below.error(Code.WRONG_VALUE, f"the value of a variable must be text, not {kind_of(entry.value)}")


def _value(node: Node) -> str:
    return variable_text(scalar_data(node)) if isinstance(node, Scalar) else ""


def _set(spot: Spot, name: str, value: str, env: TaskVariables) -> None:
    key = variable_key(name)
    if is_variable(key):
        env.set(key, value)
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
