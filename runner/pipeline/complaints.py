"""The reasons of a YAML reader, in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

import yaml

from runner.pipeline.ignores import LINE_BREAK
from runner.pipeline.problems import Place

_INDENTATION = "this does not fit the lines above: check the indentation"
_QUOTE_COLON = "': ' is not expected here: put the value in quotes, or check the indentation"
_UNCLOSED = r"expected ',' or '[\]}]'"
_OPEN_QUOTE = r"unexpected end of stream"
_FAR = (_UNCLOSED, _OPEN_QUOTE)
"""The reasons that are found far behind what they are about: the line of its start helps."""
_REASONS: tuple[tuple[str, str], ...] = (
    (r"mapping values are not allowed", _QUOTE_COLON),
    (r"did not find expected key|expected <block end>", _INDENTATION),
    (r"did not find expected '-' indicator", "the list goes on here without '- ': check the indentation"),
    (r"could not find expected ':'", "a key has no ':' behind it"),
    (_UNCLOSED, "a '[' or '{' is not closed, or a ',' is missing"),
    (_OPEN_QUOTE, "a quoted text is not closed"),
    (
        r"unknown escape character",
        "an unknown escape in a double-quoted text: use single quotes, or double the backslash",
    ),
    (r"sequence entries are not allowed", "a list cannot start here: put its '- ' on a line of its own"),
    (r"<document start>", _INDENTATION),
    (r"undefined tag handle", "a value cannot start with '!': put it in quotes"),
)
"""What libyaml and PyYAML say (both wordings) and what is said to the user; any other reason is passed on as it is."""
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a reader has come: the innermost `[` or `{` that is open, with whether it is a mapping, and the first and
    last line of the last quoted text."""

    open_flow: tuple[Place, bool] | None = None
    quoted: tuple[int, int] | None = None


def explain(error: yaml.YAMLError, file: str, text: str, progress: Progress) -> tuple[Place, str]:
    """Where and why the text is not YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None:
        return Place(file), (str(error).splitlines() or ["unreadable"])[0]
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file)
    if progress.open_flow is not None and not re.search(_OPEN_QUOTE, error.problem) and _at_end(text, place):
        opened, mapping = progress.open_flow
        return opened, f"the {'mapping' if mapping else 'list'} that opens here is not closed"
    if progress.quoted is not None and progress.quoted[0] < progress.quoted[1] == place.line:
        return place, f"a quoted text that opens in line {progress.quoted[0]} ends here: is its own end missing?"
    return place, _reason(error, error.problem, _character(text, place))


def _at_end(text: str, place: Place) -> bool:
    """Whether nothing follows that place."""
    return not text[_offset(text, place) :].strip()


def _offset(text: str, place: Place) -> int:
    """How many characters stand before that place. The text is not cut into lines: it may be large."""
    ends = (found.end() for found in LINE_BREAK.finditer(text))
    start = next(islice(ends, place.line - 2, None), len(text)) if place.line > 1 else 0
    return start + place.column - 1


def unprintable(file: str, text: str) -> tuple[Place, str] | None:
    """The first character that YAML forbids (control characters), if there is one."""
    found = _UNPRINTABLE.search(text)
    if found is None:
        return None
    ends = [0, *(line.end() for line in LINE_BREAK.finditer(text, 0, found.start()))]
    place = Place(file, len(ends), found.start() - ends[-1] + 1)
    return place, f"the control character U+{ord(found.group()):04X} is not allowed"


def _reason(error: yaml.MarkedYAMLError, problem: str, character: str) -> str:
    if "cannot start any token" in problem:
        if character == "\t":
            return "a TAB cannot be used for indentation: use spaces"
        return f"a value cannot start with '{character}': put it in quotes"
    for pattern, words in _REASONS:
        if re.search(pattern, problem):
            return words + (_opened(error) if pattern in _FAR else "")
    return f"{problem} {error.context}" if error.context else problem


def _character(text: str, place: Place) -> str:
    at = _offset(text, place)
    character = text[at : at + 1]
    return "" if LINE_BREAK.fullmatch(character) else character


def _opened(error: yaml.MarkedYAMLError) -> str:
    mark = error.context_mark
    return f" (it starts in line {mark.line + 1})" if mark is not None else ""
