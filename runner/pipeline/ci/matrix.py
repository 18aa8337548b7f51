"""`matrix` and the version keys: what the product of the axes is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.ci.env import read_items
from runner.pipeline.ci.keys import (
    ALLOW_FAILURES,
    COMBINATION,
    EXCLUDE,
    INCLUDE,
    ITEMS_ENV,
    MATRIX_KEYS,
    NODE_POOL,
    VERSIONS,
)
from runner.pipeline.ci.languages import GEMFILE, LANGUAGES, NONE
from runner.pipeline.ci.model import Axis, Combination, EnvItem, Matrix
from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, read_fields
from runner.pipeline.kinds import Text, flat
from runner.pipeline.nodes import MappingNode, Node, Unresolved, is_null, kind_of

if TYPE_CHECKING:
    from runner.pipeline.report import Spot


def read_axes(spot: Spot, fields: Fields, language: str) -> tuple[Axis, ...]:
    """The versions of the language, as they are written; those of another one are left out."""
    own = LANGUAGES[language].axes
    axes: dict[str, Axis] = {}
    for name, key in VERSIONS.items():
        node = fields.get(key)
        if node is None:
            continue
        below = spot.at(node, name)
        values = tuple(text for item in flat(below) if not is_null(item.node) and (text := Text().read(item)))
        if name not in own:
            below.warn(Code.OTHER_VERSIONS, f"{name} says nothing about the language {language} and is ignored")
        elif values:
            axes[name] = Axis(name, values)
            if name not in (GEMFILE, "compiler"):
                below.warn(
                    Code.VERSIONS, f"versions are not switched: {name} sets variables, and what this host has is used"
                )
    return tuple(axes[name] for name in own if name in axes)


def read_matrix(spot: Spot, node: MappingNode, language: str) -> Matrix:
    fields = read_fields(spot, node, MATRIX_KEYS, "matrix")
    return Matrix(
        include=_combinations(spot, fields, INCLUDE, language),
        exclude=_combinations(spot, fields, EXCLUDE, language),
        allow_failures=_combinations(spot, fields, ALLOW_FAILURES, language),
    )


def _combinations(spot: Spot, fields: Fields, key: Key[Node], language: str) -> tuple[Combination, ...]:
    node = fields.get(key)
    if node is None:
        return ()
    found = []
    for item in flat(spot.at(node, f".{key.name}")):
        if isinstance(item.node, MappingNode):
            combination = _combination(item, item.node, language)
            if combination.says_something or key is INCLUDE:
                found.append(combination)
            else:
                item.warn(Code.EMPTY_COMBINATION, "names nothing, so that no item is meant")
        elif not is_null(item.node) and not isinstance(item.node, Unresolved):
            item.error(Code.WRONG_VALUE, f"must be a mapping of versions, env and nodePool, not {kind_of(item.node)}")
    return tuple(found)


def _combination(spot: Spot, node: MappingNode, language: str) -> Combination:
    fields = read_fields(spot, node, COMBINATION, "matrix")
    env = fields.get(ITEMS_ENV)
    named = [entry.key.text for entry in node.entries if entry.key.text in VERSIONS]
    for name in named:
        if language != NONE and name not in LANGUAGES[language].axes:
            spot.warn(Code.OTHER_VERSIONS, f"{name} says nothing about the language {language}: no other item has it")
    values = ((name, fields.get(COMBINATION[name])) for name in named)
    return Combination(
        place=spot.node.place,
        versions=tuple((name, value) for name, value in values if isinstance(value, str)),
        env=None if env is None else _merged(read_items(spot.at(env, ".env"))),
        pool=fields.get(NODE_POOL),
    )


def _merged(items: tuple[EnvItem, ...]) -> EnvItem | None:
    return EnvItem(tuple(part for item in items for part in item.parts)) if items else None
