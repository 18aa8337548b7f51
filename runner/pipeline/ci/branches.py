"""A filter of branches: `only` and `except`."""

from __future__ import annotations

from runner.pipeline.ci.model import Branches
from runner.pipeline.fields import Key, Keys, read_fields, table
from runner.pipeline.kinds import Words
from runner.pipeline.nodes import MappingNode
from runner.pipeline.report import Spot

ONLY = Key("only", Words(), "The names that are built.")
EXCEPT = Key("except", Words(), "The names that are not built.")
BRANCH_KEYS: Keys = table(ONLY, EXCEPT)


def read_filter(spot: Spot, node: MappingNode) -> Branches:
    found = read_fields(spot, node, BRANCH_KEYS, "branches")
    only, excepted = found.get(ONLY, ()), found.get(EXCEPT, ())
    return Branches(tuple(word.text for word in only), tuple(word.text for word in excepted))
