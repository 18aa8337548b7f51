"""The kinds of values that only the content of some resources has."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from runner.names import is_variable, variable_key
from runner.pipeline.codes import Code
from runner.pipeline.fields import Fields, Key, Keys, read_fields, table
from runner.pipeline.kinds import Words, wrong
from runner.pipeline.nodes import MappingNode, Scalar, Unresolved, kind_of
from runner.pipeline.report import Spot
from runner.pipeline.sealed import SECURE
from runner.pipeline.secure import read_secure

SEMANTIC = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_LONGEST_CRON = 1000


class SemanticVersion:
    """`1.2.3`, `v1.2.3-rc.1`."""

    def read(self, spot: Spot) -> str | None:
        return _checked(spot, SEMANTIC.fullmatch(_text(spot)) is not None, Code.WRONG_VERSION, "a semantic version")


class Cron:
    """Five fields, UTC; no names like `@daily`, no seconds. `L` and `MON#2` work too."""

    def read(self, spot: Spot) -> str | None:
        return _checked(spot, is_cron(_text(spot)), Code.WRONG_CRON, "a cron expression (five fields)")


class NameFilter:
    """`only` and `except`: names with `*`, in a list or alone."""

    def read(self, spot: Spot) -> Fields | None:
        if isinstance(spot.node, MappingNode):
            return read_fields(spot, spot.node, NAME_FILTER, "a filter")
        wrong(spot, f"a mapping with {' and '.join(NAME_FILTER)}")
        return None


NAME_FILTER: Keys = table(
    Key("only", Words(), "Names that are taken; all if absent."),
    Key("except", Words(), "Names that are not."),
)


class Parameters:
    """A mapping with at least one key; keys become variables, and so do those in what is encrypted."""

    def read(self, spot: Spot) -> MappingNode | None:
        node = spot.node
        if isinstance(node, Unresolved):
            return None
        if not isinstance(node, MappingNode):
            spot.error(Code.WRONG_VALUE, f"must be a mapping, not {kind_of(node)}")
            return None
        if not node.entries:
            spot.error(Code.NO_PARAMETERS, "must hold at least one key")
        for entry in node.entries:
            name = entry.key.text
            if name == SECURE:
                read_secure(spot.at(entry.value, f".{name}"))
            elif not is_variable(variable_key(name)):
                spot.at(entry.key, f".{name}").warn(Code.UNUSABLE_KEY, f"'{name}' cannot be the name of a variable")
        return node


def is_cron(text: str) -> bool:
    """Whether this is a cron expression with five fields that comes at some time: the same that the clock reads."""
    from cronsim import CronSim, CronSimError  # for files with a clock only

    if len(text) > _LONGEST_CRON or len(text.split()) != 5:
        return False
    try:
        return next(CronSim(text, datetime(2000, 1, 1, tzinfo=UTC))) is not None
    except (CronSimError, StopIteration):
        return False


def _text(spot: Spot) -> str:
    return spot.node.text.strip() if isinstance(spot.node, Scalar) else ""


def _checked(spot: Spot, right: bool, code: Code, what: str) -> str | None:
    if right:
        return _text(spot)
    if not isinstance(spot.node, Unresolved):
        written = f"'{spot.node.text}'" if isinstance(spot.node, Scalar) else kind_of(spot.node)
        spot.error(code, f"{written} is not {what}")
    return None
