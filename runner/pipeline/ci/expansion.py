"""From a CI part to the items of its matrix: the product of the axes, without what is excluded, with what is included.

Source of the rules: the platform's documentation of its matrix; an item that is included gets the shared variables
too, which old versions of the platform forgot.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from runner.pipeline.ci.model import CiPart, Combination, EnvItem, Pool, Sections

MOST = 1000
"""Items of a matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item: the build N.`number` of a run N. `env` is its own value of the axis, beside the shared variables;
    `build` are its commands; `may_fail`: its failure does not fail the run."""

    number: int
    versions: tuple[tuple[str, str], ...] = ()
    env: EnvItem | None = None
    pool: Pool = field(default_factory=Pool)
    may_fail: bool = False
    build: Sections = field(default_factory=Sections)

    def __str__(self) -> str:
        """`python=3.6 DB=mysql`"""
        words = [f"{key}={value}" for key, value in self.versions]
        words += [str(self.env)] if self.env is not None else []
        words += [f"nodePool={self.pool.name}"] if self.pool.name is not None else []
        return " ".join(words)

    def is_meant(self, by: Combination) -> bool:
        """Whether every key that the combination gives is the same here, as text."""
        return (
            by.says_something
            and set(by.versions) <= set(self.versions)
            and (by.env is None or (self.env is not None and by.env.same(self.env)))
            and (by.pool is None or by.pool == self.pool.name)
        )


def size_of(part: CiPart) -> int:
    """How many items there are before any is excluded."""
    product = math.prod(len(axis.values) for axis in part.axes)
    product *= max(1, len(part.env.axis)) * max(1, len(part.pools))
    return len(part.matrix.include) + (product if _has_product(part) else 0)


def expand(part: CiPart) -> tuple[Item, ...]:
    """The items, numbered from 1."""
    product = _product(part) if _has_product(part) else ()
    kept = (item for item in product if not any(map(item.is_meant, part.matrix.exclude)))
    items = itertools.chain(kept, (_included(part, combination) for combination in part.matrix.include))
    return tuple(
        dataclasses.replace(
            item,
            number=number,
            may_fail=any(map(item.is_meant, part.matrix.allow_failures)),
            build=_merged(part.build, item.pool.build),
        )
        for number, item in enumerate(items, 1)
    )


def _has_product(part: CiPart) -> bool:
    """Not where there is nothing but `include`."""
    return bool(part.axes or part.env.axis or part.pools or not part.matrix.include)


def _product(part: CiPart) -> Iterator[Item]:
    axes = [[(axis.key, value) for value in axis.values] for axis in part.axes]
    rest = itertools.product(part.env.axis or (None,), part.pools or (Pool(),))
    for versions, (env, pool) in itertools.product(itertools.product(*axes), list(rest)):
        yield Item(number=0, versions=versions, env=env, pool=pool)


def _included(part: CiPart, combination: Combination) -> Item:
    """Its own pool, else the first one of the file."""
    pool = part.pools[0] if part.pools else Pool()
    if combination.pool is not None:
        pool = next((each for each in part.pools if each.name == combination.pool), Pool(combination.pool))
    return Item(number=0, versions=combination.versions, env=combination.env, pool=pool)


def _merged(build: Sections, own: Sections | None) -> Sections:
    if own is None:
        return build
    given = {field.name: getattr(own, field.name) for field in dataclasses.fields(own)}
    return dataclasses.replace(build, **{name: value for name, value in given.items() if value is not None})
