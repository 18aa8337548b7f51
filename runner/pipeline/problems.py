"""Problems of a file: what is wrong, where, and what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from runner.pipeline.codes import Code

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
    HINT = "hint"
    """The file is taken, and what is there may well be meant: it is only pointed out by who looks closely."""

    @property
    def broken(self) -> bool:
        """Whether something cannot be used as it stands."""
        return self in (Severity.ERROR, Severity.INCONSISTENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding. `subject` is the path in the document (`jobs[0].type`), `node` the job or resource it makes
    unusable (only with `INCONSISTENT`). `of_local_run`: it is true where no service runs the pipeline."""

    code: Code
    place: Place
    severity: Severity
    message: str
    subject: str = ""
    hint: str = ""
    node: str | None = None
    of_local_run: bool = False

    def __str__(self) -> str:
        """`shippable.yml:3:11: jobs[0].type: 'runSsh' is not a job type (did you mean 'runSh'?) [E301]`"""
        hint = f" ({self.hint})" if self.hint else ""
        word = "" if self.severity.broken else f"{self.severity}: "
        return one_line(f"{self.place}: {word}{self.sentence}{hint} [{self.code}]")

    @property
    def sentence(self) -> str:
        """What is wrong with what, without the place and without what was meant."""
        return f"{self.subject}: {self.message}" if self.subject else self.message


def one_line(text: str) -> str:
    """Names may hold line breaks and other control characters: they are shown escaped (`\\n`)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def slip(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was meant to be, or an empty text: another case, or a slip or two of the fingers
    (one in a word of up to five letters; two neighbours in the wrong order are one)."""
    close = [(_slips(word.casefold(), k.casefold()), k) for k in known if abs(len(k) - len(word)) <= 2]
    fewest, meant = min(close, default=(3, ""))
    return meant if fewest <= (1 if len(word) <= 5 else 2) else ""


def _slips(one: str, other: str) -> int:
    """How many letters are missing, too many, wrong or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], earlier[j - 2] + 1)
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the nearest known word, or an empty text."""
    known = list(known)
    folded = {k.casefold(): k for k in known}
    if word.casefold() in folded:
        return f"did you mean '{folded[word.casefold()]}'?"
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean '{folded[close[0]]}'?" if close else ""
