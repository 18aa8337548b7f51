"""Scripts: lists of shell lines or blocks, in every shape that files have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.pipeline.codes import Code
from runner.pipeline.kinds import flat
from runner.pipeline.model import ScriptItem
from runner.pipeline.nodes import MappingNode, Scalar, Unresolved, is_null, kind_of, scalar_data
from runner.pipeline.shapes import Nested, Piece

if TYPE_CHECKING:
    from runner.pipeline.report import Spot

LINES = Nested("script", (Piece.LINE,), least=1)
_COLON = "put a line that holds ': ' in quotes"


def read_script(spot: Spot) -> tuple[ScriptItem, ...]:
    """A text or a list of texts; lists in lists (templates) become one list. Reports an empty one."""
    items = tuple(flat(spot))
    if not items:
        spot.error(Code.EMPTY_SCRIPT, "the script is empty")
    return tuple(line for item in items for line in read_line(item))


def read_line(spot: Spot) -> tuple[ScriptItem, ...]:
    """One entry of a script: none where it is wrong. `true` and `false` are commands here, not booleans."""
    node = spot.node
    if isinstance(node, Unresolved):
        return ()
    if not isinstance(node, Scalar):
        spot.error(
            Code.SCRIPT_NOT_TEXT, f"must be text, not {kind_of(node)}", _COLON if isinstance(node, MappingNode) else ""
        )
    elif is_null(node) or not node.text.strip():
        spot.error(Code.EMPTY_SCRIPT, "a script entry cannot be empty")
    elif isinstance(scalar_data(node), int | float) and not isinstance(scalar_data(node), bool):
        spot.error(Code.SCRIPT_NOT_TEXT, f"must be text, not the number {node.text}")
    else:
        return (ScriptItem(node.text, node.place),)
    return ()
