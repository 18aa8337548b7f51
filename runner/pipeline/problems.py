"""Problems of a file: what is wrong, where, and what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: the file as the user named it, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    ERROR = "error"
    """The file is refused."""
    INCONSISTENT = "inconsistent"
    """One job or resource cannot be used (it names something that nothing defines); the rest can run."""
    WARNING = "warning"
    """The file is taken; the reader should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding. `subject` is the path in the document (`jobs[0].type`), `node` the job or resource it makes
    unusable (only with `INCONSISTENT`)."""

    place: Place
    severity: Severity
    message: str
    subject: str = ""
    hint: str = ""
    node: str | None = None

    def __str__(self) -> str:
        """`shippable.yml:3:11: jobs[0].type: 'runSsh' is not a job type (did you mean 'runSh'?)`"""
        subject = f"{self.subject}: " if self.subject else ""
        hint = f" ({self.hint})" if self.hint else ""
        word = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.place}: {word}{subject}{self.message}{hint}"


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known word, or an empty text."""
    known = list(known)
    folded = {k.casefold(): k for k in known}
    if word.casefold() in folded:
        return f"did you mean '{folded[word.casefold()]}'?"
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean '{folded[close[0]]}'?" if close else ""
