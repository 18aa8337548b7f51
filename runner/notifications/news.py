"""What is told of a build, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Moment(StrEnum):
    """When something is told: the hooks of a job."""

    ON_START = "on_start"
    ON_SUCCESS = "on_success"
    ON_FAILURE = "on_failure"
    ON_CANCEL = "on_cancel"
    ALWAYS = "always"


STARTED = "processing"
"""The status of a build that has no end."""
WORDS: Mapping[str, str] = {
    STARTED: "has started",
    "success": "succeeded",
    "failure": "failed",
    "error": "could not be run",
    "timeout": "ran into its time limit",
    "unstable": "is unstable",
    "cancelled": "was cancelled",
}
GREEN, RED, YELLOW, GREY, BLUE = "#65cea7", "#d64545", "#e0a030", "#8a8a8a", "#4a90d9"
COLORS: Mapping[str, str] = {
    STARTED: BLUE,
    "success": GREEN,
    "failure": RED,
    "error": RED,
    "timeout": RED,
    "unstable": YELLOW,
    "cancelled": GREY,
}
"""The first one is the platform's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told of one build. `name` is how people name it; `duration` is None where it has no end; `by` is the
    person who asked for it; `about` is what was built, where that is one commit; `log` is an address or a command;
    `snippet` is what failed, for those who asked for it. Secrets of the build are hidden in all of it."""

    build: int
    name: str
    job: str
    number: int
    status: str
    triggered_by: str
    log: str
    reason: str | None = None
    duration: timedelta | None = None
    by: str | None = None
    about: str = ""
    snippet: str = ""

    @property
    def headline(self) -> str:
        took = "" if self.duration is None else f" after {spoken(self.duration)}"
        return f"{self.name} {WORDS.get(self.status, self.status)}{took}"

    @property
    def color(self) -> str:
        return COLORS.get(self.status, GREY)

    @property
    def details(self) -> str:
        """A line for each thing, without the snippet."""
        return "\n".join(self._details())

    @property
    def line(self) -> str:
        """All of it where there is room for one line."""
        reason = f": {one_line(self.reason)}" if self.reason else ""
        return f"{self.headline}{reason} ({self.why}; {self.log})"

    @property
    def why(self) -> str:
        person = f" by {self.by}" if self.by else ""
        if self.triggered_by == self.job:
            return f"started{person or ' by itself'}"
        return f"triggered by {self.triggered_by}{person}"

    def _details(self) -> Iterator[str]:
        if self.reason:
            yield f"Reason: {self.reason}"
        yield f"{self.why[0].upper()}{self.why[1:]}"
        if self.about:
            yield f"Of: {self.about}"
        yield f"Log: {self.log}"


def spoken(duration: timedelta) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min`."""
    seconds = max(0.0, duration.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def one_line(text: str) -> str:
    return " ".join(text.split())
