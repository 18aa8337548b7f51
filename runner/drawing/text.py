"""A picture for a terminal: one line for each job and resource, with rails at the left from what is read to what reads.

A rail starts at its node and ends at the last one that it leads to. Solid: a change starts the job, or the job writes
the resource; dotted: it is read and starts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.drawing.picture import Arrow, Line, Node, Picture
from runner.pipeline.problems import one_line

KEY = "■ job  ○ resource  ─ starts or writes  ╌ is read, starts nothing"
_LEAST_TEXT = 28
"""How many characters names get before the rails are left out."""
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_CORNERS = " ╵╷│╴╯╮┤╶╰╭├─┴┬┼"
"""The characters by the directions they lead to."""


@dataclass(frozen=True, slots=True)
class _Rail:
    """Leads from the row `source` to the rows `targets`."""

    source: int
    targets: frozenset[int]
    solid: bool

    @property
    def first(self) -> int:
        return min(self.source, *self.targets) if self.targets else self.source

    @property
    def last(self) -> int:
        return max(self.source, *self.targets) if self.targets else self.source


@dataclass(frozen=True, slots=True)
class _Placed:
    rail: _Rail
    column: int


def text_of(picture: Picture, width: int) -> str:
    """Lines of at most `width` characters; where so many rails are needed that names would not fit, without them."""
    rows = {name: number for number, name in enumerate(picture.nodes)}
    placed = _placed(list(_rails(picture, rows)))
    rails = 2 * (1 + max((rail.column for rail in placed), default=0))
    if width - rails < _LEAST_TEXT:
        return "\n".join(_cut(line, width) for line in _without_rails(picture)) + "\n"
    lines = []
    for name, row in rows.items():
        drawn = _drawn(row, picture.nodes[name], placed, rails)
        lines.append(f"{drawn} {_cut(_said(picture, picture.nodes[name]), width - rails - 1)}")
    return "\n".join([*lines, "", _cut(KEY, width)]) + "\n"


def _rails(picture: Picture, rows: Mapping[str, int]) -> Iterator[_Rail]:
    """The rails of each node, the one that holds its mark first; a node that leads nowhere has one too."""
    targets: dict[tuple[str, bool], set[int]] = {}
    for arrow in picture.arrows:
        if arrow.source != arrow.target:
            targets.setdefault((arrow.source, arrow.line is not Line.HELD), set()).add(rows[arrow.target])
    for name, row in rows.items():
        solid, dotted = targets.get((name, True), set()), targets.get((name, False), set())
        if solid or not dotted:
            yield _Rail(row, frozenset(solid), True)
        if dotted:
            yield _Rail(row, frozenset(dotted), False)


def _placed(rails: Sequence[_Rail]) -> Sequence[_Placed]:
    """Each rail in the first column that is free in all its rows."""
    ends: list[int] = []
    found: dict[_Rail, int] = {}
    for rail in sorted(rails, key=lambda rail: (rail.first, rail.source, not rail.solid)):
        column = next((number for number, end in enumerate(ends) if end < rail.first), len(ends))
        ends[column:] = [rail.last] if column == len(ends) else [rail.last, *ends[column + 1 :]]
        found[rail] = column
    return [_Placed(rail, found[rail]) for rail in rails]


def _drawn(row: int, node: Node, placed: Sequence[_Placed], width: int) -> str:
    """The rails of one row. A rail that only passes is not touched by those that end here."""
    own = [item for item in placed if item.rail.source == row]
    mark = own[0].column
    joints = [item for item in placed if row in item.rail.targets] + own[1:]
    cells = [" "] * width
    for item in joints:
        low, high = sorted((2 * item.column, 2 * mark))
        for place in range(low + 1, high):
            if cells[place] != "─":
                cells[place] = "─" if item.rail.solid else "╌"
    for item in placed:
        if item.rail.first <= row <= item.rail.last and item.column != mark:
            cells[2 * item.column] = _joint(item, row, mark, joints, cells)
    for item in joints:
        if item not in own:
            left = item.column < mark
            place = 2 * mark + (-1 if left else 1)
            solid = item.rail.solid or cells[place] in "▶◀"
            cells[place] = ("▶" if solid else "▷") if left else ("◀" if solid else "◁")
    cells[2 * mark] = ("■" if node.job else "○") if node.defined else "?"
    return "".join(cells)


def _joint(item: _Placed, row: int, mark: int, joints: Sequence[_Placed], cells: Sequence[str]) -> str:
    """The character of one rail in a row: it passes, or it turns to the mark."""
    rail = item.rail
    ways = (_UP if rail.first < row else 0) | (_DOWN if rail.last > row else 0)
    if item not in joints:
        return "│" if rail.solid else "┊"
    left, right = cells[2 * item.column - 1 : 2 * item.column], cells[2 * item.column + 1]
    ways |= _LEFT if item.column > mark or (left and left[0] in "─╌") else 0
    ways |= _RIGHT if item.column < mark or right in "─╌" else 0
    return _CORNERS[ways]


def _said(picture: Picture, node: Node, *, inputs: bool = True) -> str:
    """`build (runSh), loop ← app_repo, image (pinned to 1.0)`"""
    itself = any(arrow.source == arrow.target == node.name for arrow in picture.arrows)
    loop = ["starts itself"] if itself else ["loop"] if node.loop else []
    said = ", ".join([f"{one_line(node.name)} ({node.kind})", *loop])
    read = [_input(arrow) for arrow in picture.arrows if arrow.target == node.name and arrow.line is not Line.WRITES]
    return f"{said} ← {', '.join(read)}" if read and inputs else said


def _input(arrow: Arrow) -> str:
    return one_line(arrow.source) + (f" ({one_line(arrow.label)})" if arrow.label else "")


def _without_rails(picture: Picture) -> Iterator[str]:
    """Jobs with what they read and write."""
    for node in picture.nodes.values():
        if node.job:
            yield _said(picture, node, inputs=False)
            yield from _listed("    reads ", [a for a in picture.arrows if a.target == node.name], inputs=True)
            yield from _listed("    writes ", [a for a in picture.arrows if a.source == node.name], inputs=False)


def _listed(head: str, arrows: Sequence[Arrow], *, inputs: bool) -> Iterator[str]:
    for arrow in arrows:
        if inputs and arrow.line is not Line.WRITES:
            yield head + _input(arrow)
        elif not inputs and arrow.line is Line.WRITES:
            yield f"{head}{one_line(arrow.target)}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
