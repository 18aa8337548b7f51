"""Making text that a job printed harmless for a terminal: colours may stay, nothing else that controls it."""

from __future__ import annotations

import re

RESET = "\x1b[0m"

_CONTROLS = re.compile(
    r"""
      (?P<colour> \x1b\[ [0-9;:]* m )                           # SGR: the one kind that may stay
    | (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]?                  # CSI: cursor, erase, modes, reports
    | (?: \x1b[\]PX^_] | [\x9d\x90\x98\x9e\x9f] )               # OSC, DCS, …: titles, links, the clipboard,
      [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )?              #   to their end or the line's
    | \x1b [ -/]* [0-~]?                                        # every other escape sequence
    | [\x00-\x08\x0a-\x1f\x7f-\x9f]                             # C0 without the tab, DEL, C1
    """,
    re.VERBOSE,
)


def harmless(text: str, *, colours: bool) -> str:
    """One line of text as it can be shown: of a line that rewrites itself (`\\r`) the last state is left.

    With `colours`, colour sequences (SGR) stay and are closed at the end; without, they go as well. Every escape
    character is part of some match, so nothing that is left can join to a new sequence.
    """
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.rstrip("\r").rpartition("\r")[2]
    shown = _CONTROLS.sub(lambda found: found["colour"] or "" if colours else "", text)
    return shown + RESET if "\x1b" in shown else shown
