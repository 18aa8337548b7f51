"""A picture as SVG: layers from left to right. Colours are of a middle brightness, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from runner.drawing.layers import Layers, Point, layers_of
from runner.drawing.picture import Arrow, Line, Node, Picture

_LETTER, _LONGEST = 7.4, 30
_HEIGHT, _GAP, _BEND, _BETWEEN, _EDGE = 40, 16, 10, 70, 20
_PASSES = 24
_STYLE = """
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#fff}
.kind{font-size:10.5px;fill:#e3e9f1}.label,.key{font-size:11px;fill:#7b8794}
.job{fill:#2563b8;stroke:#5b93dd}.resource{fill:#4d5867;stroke:#8391a3}
.missing{fill:#7d3b3b;stroke:#d97777;stroke-dasharray:4 3}
.job.loop,.resource.loop{stroke:#e07b1a;stroke-width:2.5}
path{fill:none;stroke-width:1.6}.starts{stroke:#3b82d6}.writes{stroke:#7b8794}.held{stroke:#7b8794;stroke-dasharray:2 5}
path.round{stroke:#e07b1a}
""".strip().replace("\n", "")
_COLOURS = {"starts": "#3b82d6", "writes": "#7b8794", "held": "#7b8794", "round": "#e07b1a"}


@dataclass(frozen=True, slots=True)
class _Box:
    """A node or bend: its left edge, its middle line, its width; pixels."""

    x: float
    y: float
    width: float


def svg_of(picture: Picture) -> str:
    """The text of the SVG file; the same for the same picture."""
    layers = layers_of(list(picture.nodes), ((arrow.source, arrow.target) for arrow in picture.arrows))
    boxes = _boxes(layers)
    width = max((box.x + box.width for box in boxes.values()), default=0) + _EDGE
    height = max((box.y for box in boxes.values()), default=0) + _HEIGHT / 2 + _EDGE + 26
    width = max(width, 560)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="pipeline">',
        f"<style>{_STYLE}</style>",
        "<defs>",
        *(_head(name, colour) for name, colour in _COLOURS.items()),
        "</defs>",
        *(line for arrow in picture.arrows for line in _arrow(arrow, layers, boxes)),
        *(line for node in picture.nodes.values() for line in _node(node, boxes[node.name])),
        *(line for arrow in picture.arrows for line in _label(arrow, layers, boxes)),
        *_key(height - 16),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _boxes(layers: Layers) -> Mapping[Point, _Box]:
    heights = _heights(layers)
    boxes: dict[Point, _Box] = {}
    x = float(_EDGE)
    for layer in layers.layers:
        widths = [len(_cut(point)) * _LETTER + 24 for point in layer if isinstance(point, str)]
        widest = max(widths, default=0)
        for point in layer:
            boxes[point] = _Box(x, heights[point], widest)
        x += widest + _BETWEEN
    return boxes


def _heights(layers: Layers) -> Mapping[Point, float]:
    """The middle line of every node and bend: near its neighbours, and never over another one."""
    near: dict[Point, list[Point]] = {}
    for way in layers.ways.values():
        for one, other in pairwise(way):
            if one != other:
                near.setdefault(one, []).append(other)
                near.setdefault(other, []).append(one)
    heights: dict[Point, float] = {}
    for layer in layers.layers:
        _spread(layer, heights, dict.fromkeys(layer, 0.0))
    for number in range(_PASSES):
        for layer in layers.layers if number % 2 else layers.layers[::-1]:
            wanted = {p: _mean([heights[other] for other in near.get(p, ())], heights[p]) for p in layer}
            _spread(layer, heights, wanted)
    top = min((heights[p] - _size(p) / 2 for p in heights), default=0)
    return {point: round(height - top + _EDGE, 1) for point, height in heights.items()}


def _spread(layer: Sequence[Point], heights: dict[Point, float], wanted: Mapping[Point, float]) -> None:
    """Give each point of a layer a height as near to the wanted ones as their order and sizes allow: half way between
    pushing down and pushing up."""
    down, up = dict(wanted), dict(wanted)
    for above, below in pairwise(layer):
        down[below] = max(down[below], down[above] + _distance(above, below))
    for above, below in zip(layer[-2::-1], layer[:0:-1], strict=True):
        up[above] = min(up[above], up[below] - _distance(above, below))
    heights.update({point: (down[point] + up[point]) / 2 for point in layer})


def _distance(above: Point, below: Point) -> float:
    return (_size(above) + _size(below)) / 2 + _GAP


def _size(point: Point) -> float:
    return _HEIGHT if isinstance(point, str) else _BEND


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _head(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" style="fill:{colour};stroke:none"/></marker>'
    )


def _node(node: Node, box: _Box) -> Iterator[str]:
    family = ("job" if node.job else "resource") if node.defined else "missing"
    top = box.y - _HEIGHT / 2
    loop = " loop" if node.loop else ""
    full = f"{node.name} ({node.kind})" + (", part of a loop" if node.loop else "")
    yield f"<g><title>{_text(full)}</title>"
    yield (
        f'<rect class="{family}{loop}" x="{box.x:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{_HEIGHT}" '
        f'rx="{4 if node.job else 18}"/>'
    )
    middle = box.x + box.width / 2
    mark = " ↺" if node.loop else ""
    yield f'<text x="{middle:.1f}" y="{box.y - 2:.1f}" text-anchor="middle">{_text(_cut(node.name))}</text>'
    kind = f'<text class="kind" x="{middle:.1f}" y="{box.y + 12:.1f}" text-anchor="middle">'
    yield f"{kind}{_text(node.kind)}{mark}</text></g>"


def _arrow(arrow: Arrow, layers: Layers, boxes: Mapping[Point, _Box]) -> Iterator[str]:
    points = list(layers.ways[arrow.source, arrow.target])
    head = "round" if arrow.loop else arrow.line.name.lower()
    classes = arrow.line.name.lower() + (" round" if arrow.loop else "")
    if arrow.source == arrow.target:
        curve = _self(boxes[arrow.source])
    else:
        curve = _curve([boxes[point] for point in points], [isinstance(point, str) for point in points])
    yield f'<path class="{classes}" d="{curve}" marker-end="url(#{head})"/>'


def _label(arrow: Arrow, layers: Layers, boxes: Mapping[Point, _Box]) -> Iterator[str]:
    """The pin of an input: over the last bend of its arrow, which has that place to itself; else before its end."""
    if arrow.line is not Line.HELD or arrow.label in ("", "off") or arrow.source == arrow.target:
        return
    way = layers.ways[arrow.source, arrow.target]
    bends = [boxes[point] for point in way if not isinstance(point, str)]
    first, last = boxes[way[0]], boxes[way[-1]]
    if bends:
        x, y = bends[-1].x + bends[-1].width / 2, bends[-1].y - 4
    else:
        x, y = (max(first.x, last.x) - _BETWEEN / 2), (first.y + last.y) / 2 - 6
    yield f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{_text(_cut(arrow.label))}</text>'


def _curve(boxes: Sequence[_Box], nodes: Sequence[bool]) -> str:
    """From the side of the first box to that of the last one, straight through every bend's layer."""
    back = boxes[0].x > boxes[-1].x
    first, last = boxes[0], boxes[-1]
    x = first.x if back else first.x + first.width
    y = first.y
    parts = [f"M{x:.1f} {y:.1f}"]
    for box, node in zip(boxes[1:], nodes[1:], strict=True):
        near = box.x + box.width if back else box.x
        pull = abs(near - x) / 2 * (-1 if back else 1)
        parts.append(f"C{x + pull:.1f} {y:.1f} {near - pull:.1f} {box.y:.1f} {near:.1f} {box.y:.1f}")
        x, y = near, box.y
        if not node and box is not last:
            x = box.x if back else box.x + box.width
            parts.append(f"H{x:.1f}")
    return "".join(parts)


def _self(box: _Box) -> str:
    right, top = box.x + box.width, box.y - _HEIGHT / 2
    first, second, end = (right + 30, box.y), (right + 10, top - 22), (right - 24, top)
    return f"M{right:.1f} {box.y:.1f}C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, end))


def _key(y: float) -> Iterator[str]:
    x = float(_EDGE)
    for classes, words in (
        ("starts", "starts the job"),
        ("held", "read, starts nothing"),
        ("writes", "written"),
        ("starts round", "part of a loop"),
    ):
        head = "round" if "round" in classes else classes
        yield f'<path class="{classes}" d="M{x:.0f} {y - 4:.1f}h26" marker-end="url(#{head})"/>'
        yield f'<text class="key" x="{x + 32:.0f}" y="{y:.1f}">{words}</text>'
        x += 46 + len(words) * 6.8


def _text(text: str) -> str:
    """Escaped, and without the control characters that XML forbids."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))
