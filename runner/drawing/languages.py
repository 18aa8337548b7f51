"""A picture in the languages of Mermaid and Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from runner.drawing.picture import Line, Node, Picture

_DOT_LINES = {
    Line.STARTS: "color=steelblue",
    Line.HELD: "color=gray style=dotted",
    Line.WRITES: "color=gray",
}
_MERMAID_LINES = {Line.STARTS: "-->", Line.HELD: "-.->", Line.WRITES: "-->"}


def mermaid_of(picture: Picture) -> str:
    """A flowchart of Mermaid."""
    return "\n".join(_mermaid(picture)) + "\n"


def dot_of(picture: Picture) -> str:
    """A digraph of Graphviz."""
    return "\n".join(_dot(picture)) + "\n"


def _mermaid(picture: Picture) -> Iterator[str]:
    numbers = {name: f"n{number}" for number, name in enumerate(picture.nodes)}
    yield "flowchart LR"
    for node in picture.nodes.values():
        opened, closed = ('["', '"]') if node.job else ('(["', '"])')
        label = f"{_entities(node.name)}<br/><small>{node.kind}{_loop(node)}</small>"
        yield f"  {numbers[node.name]}{opened}{label}{closed}"
    for arrow in picture.arrows:
        label = f"|{_entities(arrow.label)}|" if arrow.label else ""
        yield f"  {numbers[arrow.source]} {_MERMAID_LINES[arrow.line]}{label} {numbers[arrow.target]}"
    loops = [numbers[node.name] for node in picture.nodes.values() if node.loop]
    if loops:
        yield "  classDef loop stroke:#e07b1a,stroke-width:3px"
        yield f"  class {','.join(loops)} loop"


def _dot(picture: Picture) -> Iterator[str]:
    yield "digraph pipeline {"
    yield "  rankdir=LR"
    yield "  node [fontname=monospace]"
    for node in picture.nodes.values():
        shape = "box" if node.job else "ellipse"
        looped = " color=darkorange penwidth=2" if node.loop else ""
        label = _quoted(f"{node.name}\n{node.kind}{_loop(node)}")
        yield f"  {_quoted(node.name)} [shape={shape} label={label}{looped}]"
    for arrow in picture.arrows:
        label = f" label={_quoted(arrow.label)}" if arrow.label else ""
        line = "color=darkorange" if arrow.loop else _DOT_LINES[arrow.line]
        yield f"  {_quoted(arrow.source)} -> {_quoted(arrow.target)} [{line}{label}]"
    yield "}"


def _loop(node: Node) -> str:
    return ", loop" if node.loop else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _entities(text: str) -> str:
    """Everything that may mean something to Mermaid as an entity."""
    return "".join(c if c.isalnum() or c in " _-." else f"#{ord(c)};" for c in text)
