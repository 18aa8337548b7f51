"""`# runner: ignore[W204]` behind a line: the warnings about that line that nobody wants to hear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.pipeline.problems import Place

if TYPE_CHECKING:
    from runner.pipeline.codes import Code

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""Where YAML starts a new line."""
_MARK = "runner:"
_COMMENT = re.compile(r"(?<!\S)#\s*runner:\s*ignore\b(?:\s*\[([^\]]*)\])?")
_WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One code of one comment, as it is written there; an empty text where the comment names none."""

    code: str
    place: Place


def find_ignores(file: str, text: str) -> Iterator[Ignore]:
    """All of a file, in order."""
    if _MARK not in text:
        return
    for number, line in enumerate(_lines(text.removeprefix("\ufeff")), 1):
        for comment in _COMMENT.finditer(line) if _MARK in line else ():
            codes = list(_WORD.finditer(comment[1] or ""))
            for code in codes:
                yield Ignore(code[0], Place(file, number, comment.start(1) + code.start() + 1))
            if not codes:
                yield Ignore("", Place(file, number, comment.start() + 1))


def _lines(text: str) -> Iterator[str]:
    """One after the other: a large file is not held twice."""
    start = 0
    for found in LINE_BREAK.finditer(text):
        yield text[start : found.start()]
        start = found.end()
    yield text[start:]


class Ignores:
    """The comments of some files, and which of them have been of use."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int, str], Ignore] = {}
        self._used: set[Ignore] = set()

    def read(self, file: str, text: str) -> None:
        for ignore in find_ignores(file, text):
            self._asked[file, ignore.place.line, ignore.code] = ignore

    def covers(self, code: Code, place: Place) -> bool:
        """Whether the line of `place` asks not to hear of this."""
        ignore = self._asked.get((place.file, place.line, code.value)) if self._asked else None
        if ignore is None or not code.ignorable:
            return False
        self._used.add(ignore)
        return True

    @property
    def used(self) -> frozenset[Ignore]:
        return frozenset(self._used)
