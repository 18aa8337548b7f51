"""Names with `*`, and lists of them. Source: the platform's branch and tag filters take wildcards only."""

from __future__ import annotations

from dataclasses import dataclass


def matches(pattern: str, name: str) -> bool:
    """Whether `name` is what the pattern says; `*` stands for any text, also with `/` in it."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    *middle, last = rest
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for part in middle:
        position = name.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True


@dataclass(frozen=True, slots=True)
class Names:
    """`only` and `except` of a filter; both count. An empty `only` lets every name pass."""

    only: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()

    def take(self, name: str) -> bool:
        if self.only and not any(matches(pattern, name) for pattern in self.only):
            return False
        return not any(matches(pattern, name) for pattern in self.excepted)

    def __str__(self) -> str:
        told = (("only", self.only), ("except", self.excepted))
        return ", ".join(f"{word} {' '.join(patterns)}" for word, patterns in told if patterns)
