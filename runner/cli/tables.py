"""Columns for people, and the words in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from runner.logs.sanitizing import harmless


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows under their headings, as wide as they need; the last column ends where it ends."""
    lines = [tuple(headings), *(tuple(harmless(cell, colours=False) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings) - 1)]
    return ["  ".join(f"{cell:{w}}" for cell, w in zip(line, [*widths, 0], strict=True)).rstrip() for line in lines]


def local(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if time else "-"


def counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def amount(bytes_: int) -> str:
    for unit, one in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if bytes_ >= one:
            return f"{bytes_ / one:.1f} {unit}"
    return f"{bytes_} bytes"
