"""The text of the files, by lines: what stands at a place, and how far it goes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from runner.pipeline.ignores import LINE_BREAK

if TYPE_CHECKING:
    from runner.pipeline.problems import Place
    from runner.pipeline.reader import SourceFile

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")
_VARIABLE = re.compile(r"\$\{\w+|\$\w+")
_MARKED = re.compile(r"[*&!][^\s,\[\]{}]*|[|>][0-9+-]*(?=\s|$)|[\[\]{}]|- ")
_PLAIN = re.compile(r".*?(?=\s*(?::(?:\s|$)|\s#|$))")
_PLAIN_IN_FLOW = re.compile(r".*?(?=\s*(?::(?:\s|$)|\s#|[,\[\]{}]|$))")


class Sources:
    """The files of a reading. Files that are not among them (integrations hold secrets) are never shown."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._texts = {file.name: file.text for file in files}
        self._lines: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str | None:
        """The line of this number (from 1) without its end, as it may be shown: what stands before the '@' of an
        address is hidden. None where there is none."""
        if file not in self._texts:
            return None
        if file not in self._lines:
            self._lines[file] = LINE_BREAK.split(self._texts[file].removeprefix("\ufeff"))
        lines = self._lines[file]
        return _CREDENTIALS.sub(_hidden, lines[number - 1]) if 0 < number <= len(lines) else None

    def end(self, place: Place) -> int | None:
        """The column behind what stands at a place, on its line; None where the text is not known."""
        line = self.line(place.file, place.line)
        if line is None or place.column > len(line) + 1:
            return None
        return max(place.column + 1, place.column + _width(line, place.column - 1))

    @cached_property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Names and texts."""
        return tuple(self._texts.items())


def _hidden(found: re.Match[str]) -> str:
    return "*" * len(found[0])  # every place on the line stays where it is


def _width(line: str, start: int) -> int:
    """How many characters of this line belong to the value, key or variable that starts there."""
    for pattern in (_QUOTED, _VARIABLE, _MARKED):
        if found := pattern.match(line, start):
            return len(found[0].rstrip())
    if line[start : start + 1] in ("'", '"'):
        return len(line.rstrip()) - start
    before = line[:start]
    in_flow = any(before.count(opened) > before.count(closed) for opened, closed in ("[]", "{}"))
    found = (_PLAIN_IN_FLOW if in_flow else _PLAIN).match(line, start)
    width = len(found[0]) if found else 1
    in_quotes = before[-1:] in ("'", '"') and found is not None and found[0].endswith(before[-1:])
    return width - in_quotes
