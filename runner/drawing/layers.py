"""Puts a graph into layers: arrows go from one layer to the next ones, with few crossings. Deterministic.

The steps are those of Sugiyama: arrows that close a loop are turned around, a node stands behind all that lead to it,
a long arrow gets a bend in each layer it passes, and layers are sorted by the middle of their neighbours.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]
Bend: TypeAlias = tuple[str, str, int]
"""Where the arrow of a pair passes a layer."""
Point: TypeAlias = "str | Bend"
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Layers:
    """`layers` hold nodes and bends in their order. `ways` are the points of each arrow from its source to its target;
    those of a turned arrow lead back through the layers."""

    layers: Sequence[Sequence[Point]]
    ways: Mapping[Pair, Sequence[Point]]


def layers_of(nodes: Sequence[str], pairs: Iterable[Pair]) -> Layers:
    """Lay out nodes in this order of preference. A node that leads to itself has a way of two equal points."""
    pairs = list(dict.fromkeys(pairs))
    forward = {pair: (pair[1], pair[0]) if turned else pair for pair, turned in _turned(nodes, pairs).items()}
    ranks = _ranks(nodes, set(forward.values()))
    layers: list[list[Point]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in nodes:
        layers[ranks[name]].append(name)
    ways: dict[Pair, Sequence[Point]] = {(a, b): (a, b) for a, b in pairs if a == b}
    for pair, (source, target) in forward.items():
        bends: list[Point] = [(*pair, rank) for rank in range(ranks[source] + 1, ranks[target])]
        for rank, bend in enumerate(bends, ranks[source] + 1):
            layers[rank].append(bend)
        way = [source, *bends, target]
        ways[pair] = way if pair == (source, target) else way[::-1]
    return Layers(_sorted(layers, ways), ways)


def _turned(nodes: Sequence[str], pairs: Sequence[Pair]) -> Mapping[Pair, bool]:
    """Which arrows close a loop, found by a walk in the order of the nodes."""
    following: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in pairs:
        if source != target:
            following[source].append(target)
    found: dict[Pair, bool] = {}
    done: set[str] = set()
    for root in nodes:
        walk = [(root, iter(following[root]))] if root not in done else []
        path = {root}
        while walk:
            name, successors = walk[-1]
            successor = next(successors, None)
            if successor is None:
                done.add(name)
                path.discard(name)
                walk.pop()
                continue
            found[name, successor] = successor in path
            if successor not in path and successor not in done:
                path.add(successor)
                walk.append((successor, iter(following[successor])))
    return found


def _ranks(nodes: Sequence[str], pairs: Iterable[Pair]) -> Mapping[str, int]:
    """The layer of each node: behind all that lead to it, and what nothing leads to right before what it
    leads to."""
    following: dict[str, list[str]] = {name: [] for name in nodes}
    open_inputs = dict.fromkeys(nodes, 0)
    for source, target in sorted(pairs):
        following[source].append(target)
        open_inputs[target] += 1
    roots = {name for name, count in open_inputs.items() if not count}
    ranks = dict.fromkeys(nodes, 0)
    ready = [name for name in nodes if name in roots]
    for name in ready:
        for target in following[name]:
            ranks[target] = max(ranks[target], ranks[name] + 1)
            open_inputs[target] -= 1
            if not open_inputs[target]:
                ready.append(target)
    for name in roots:
        if following[name]:
            ranks[name] = min(ranks[target] for target in following[name]) - 1
    return ranks


def _sorted(layers: list[list[Point]], ways: Mapping[Pair, Sequence[Point]]) -> Sequence[Sequence[Point]]:
    """The layers in the best order that the sweeps come by."""
    before: dict[Hashable, list[Point]] = {}
    after: dict[Hashable, list[Point]] = {}
    rank = {point: number for number, layer in enumerate(layers) for point in layer}
    for way in ways.values():
        for one, other in pairwise(way):
            if rank[one] != rank[other]:
                first, second = (one, other) if rank[one] < rank[other] else (other, one)
                after.setdefault(first, []).append(second)
                before.setdefault(second, []).append(first)
    best, fewest = [list(layer) for layer in layers], crossings(layers, after)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for number in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            beside = layers[number - 1 if down else number + 1]
            _sort(layers[number], beside, before if down else after)
        found = crossings(layers, after)
        if found < fewest:
            best, fewest = [list(layer) for layer in layers], found
    return best


def _sort(layer: list[Point], beside: Sequence[Point], neighbours: Mapping[Hashable, list[Point]]) -> None:
    place = {point: float(number) for number, point in enumerate(beside)}
    own = {point: float(number) for number, point in enumerate(layer)}

    def middle(point: Point) -> float:
        near = [place[other] for other in neighbours.get(point, ()) if other in place]
        return sum(near) / len(near) if near else own[point]

    layer.sort(key=middle)


def crossings(layers: Sequence[Sequence[Point]], after: Mapping[Hashable, Sequence[Point]]) -> int:
    """How many arrows between neighbouring layers cross."""
    count = 0
    for layer, following in pairwise(layers):
        place = {point: number for number, point in enumerate(following)}
        ends: list[int] = []
        for point in layer:
            own = sorted(place[other] for other in after.get(point, ()) if other in place)
            count += sum(end > new for new in own for end in ends)
            ends += own
    return count
