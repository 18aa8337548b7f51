"""The slots of the pools, and which build gets the next free one: by priority, then by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from runner.scheduling.snapshot import OpenBuild

DEFAULT = "default"


@dataclass(slots=True)
class Pool:
    """`offers` is a heap of (priority, id)."""

    name: str
    size: int
    used: int = 0
    offers: list[tuple[int, int]] = field(default_factory=list)


class Slots:
    """A build is offered as soon as nothing but a slot is missing. An offer is not taken back when that changes: who
    takes one looks at the build again, and drops the offer if it is void."""

    __slots__ = ("_offered", "_pools")

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._pools = {name: Pool(name, size) for name, size in {DEFAULT: 0, **sizes}.items()}
        self._offered: set[int] = set()

    def pool(self, name: str) -> Pool:
        """The pool of that name, else `default` (which has no slots where it is not declared)."""
        return self._pools.get(name) or self._pools[DEFAULT]

    def occupy(self, build: OpenBuild) -> None:
        self.pool(build.pool).used += 1

    def free(self, build: OpenBuild) -> None:
        self.pool(build.pool).used -= 1

    def offer(self, build: OpenBuild) -> None:
        if build.id not in self._offered:
            self._offered.add(build.id)
            heappush(self.pool(build.pool).offers, (build.priority, build.id))

    def take(self) -> int | None:
        """The id of the best build that is offered to a pool with a free slot; None where there is none."""
        for pool in self._pools.values():
            if pool.offers and pool.used < pool.size:
                _, build = heappop(pool.offers)
                self._offered.discard(build)
                return build
        return None

    def offers(self) -> int:
        """How many offers stand, void ones counted."""
        return len(self._offered)

    def forget(self, open_builds: Mapping[int, OpenBuild]) -> None:
        """Drop the offers of builds that are no more, once they are the greater part: a pool that is full may get
        and lose any number of builds."""
        if self.offers() <= 2 * len(open_builds) + 16:
            return
        self._offered &= open_builds.keys()
        for pool in self._pools.values():
            pool.offers = [offer for offer in pool.offers if offer[1] in self._offered]
            heapify(pool.offers)
