"""A problem as a person reads it: where and what, the line it stands in, and what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

from runner.pipeline.problems import Severity, one_line

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.pipeline.problems import Problem

_WIDEST = 120
"""How much of a line is shown, in characters."""
_BEFORE = 40
"""How much of a longer line is shown before what the problem is about."""
_COLOURS = {
    Severity.ERROR: "31",
    Severity.INCONSISTENT: "31",
    Severity.WARNING: "33",
    Severity.HINT: "36",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of a terminal, or none."""

    colours: bool

    def __call__(self, text: str, *styles: str) -> str:
        return f"\033[{';'.join(styles)}m{text}\033[0m" if self.colours and text else text


def excerpt(problem: Problem, sources: Sources, paint: Paint) -> Iterator[str]:
    """The lines of one problem:

    ```
    shippable.yml:3:11: error[E301]: jobs[0].type: 'runSsh' is not a job type
      |
    3 |     type: runSsh
      |           ^^^^^^ did you mean 'runSh'?
    ```
    """
    colour, hint = _COLOURS[problem.severity], one_line(problem.hint)
    line = sources.line(problem.place.file, problem.place.line)
    end = sources.end(problem.place)
    word = paint(f"{problem.severity}[{problem.code}]", "1", colour)
    beside = f" ({hint})" if hint and (line is None or end is None) else ""
    yield f"{paint(one_line(str(problem.place)), '1')}: {word}: {one_line(problem.sentence)}{beside}"
    if line is None or end is None:
        return
    number = str(problem.place.line)
    shown, before, marked = _window(line, problem.place.column - 1, end - 1)
    bar = paint("|", "34")
    yield f"{' ' * len(number)} {bar}"
    yield f"{paint(number, '34')} {bar} {shown}".rstrip()
    mark = paint(f"{'^' * marked}{' ' * bool(hint)}{hint}", "1", colour)
    yield f"{' ' * len(number)} {bar} {' ' * before}{mark}"


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of the line that is shown, the columns before what is marked and the columns to mark."""
    left = start - _BEFORE if len(line) > _WIDEST and start > _BEFORE else 0
    part = line[left : left + _WIDEST]
    ahead = "…" if left else ""
    behind = "…" if left + _WIDEST < len(line) else ""
    marked = _columns(line[start : min(end, left + _WIDEST)])
    return ahead + _visible(part).rstrip() + behind, len(ahead) + _columns(line[left:start]), max(marked, 1)


def _visible(text: str) -> str:
    """One sign for each character, whatever a terminal would make of it."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in text)


def _columns(text: str) -> int:
    """How wide a terminal shows it."""
    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in _visible(text))
