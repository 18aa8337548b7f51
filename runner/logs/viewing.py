"""One log as somebody wants to see it: what was chosen of it, rendered, from the past into the present."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from runner.logs.filters import at_least, matches, may_have_level, may_match, meets, of_step, since, until
from runner.logs.follow import follow_blocks
from runner.logs.reader import LogReader
from runner.logs.records import DamagedLogError, Group, group_of, is_result
from runner.logs.seeking import Question

if TYPE_CHECKING:
    import re
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from runner.logs.filters import Condition
    from runner.logs.records import Level, Record
    from runner.logs.rendering import Renderer
    from runner.logs.seeking import Leap

    Timed = tuple[datetime, str]

T = TypeVar("T")

WIDER = 4  # times as many runs are read where the last ones did not hold enough lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of a log is shown: None is no condition. `tail` counts lines as they are shown, after all conditions."""

    since: datetime | None = None
    until: datetime | None = None
    step: str | None = None
    pattern: re.Pattern[str] | None = None
    level: Level | None = None
    tail: int | None = None

    @property
    def ranges_only(self) -> bool:
        """Whether what is shown is whole stretches of the log, in which groups and their ends mean something."""
        return self.pattern is None and self.level is None

    def conditions(self, inside: set[int]) -> Iterator[Condition]:
        """New ones, since some remember; `inside`: the ids that belong to the step."""
        if self.since is not None:
            yield since(self.since)
        if self.until is not None:
            yield until(self.until)
        if self.step is not None:
            yield of_step(self.step, inside)
        if self.pattern is not None:
            yield matches(self.pattern)
        if self.level is not None:
            yield at_least(self.level)

    def worth_parsing(self) -> Callable[[str], bool]:
        """Whether a line of the file can meet the conditions at all, told without parsing it."""
        if self.level is not None:
            return may_have_level
        return bool if self.pattern is None else may_match(self.pattern)


class View:
    """First what is there, by `past` or `past_timed`; then what comes, by `live`; then `finish`.

    `shown` becomes true with the first line, `ended` with the last record of the build. `renderer` makes a new
    renderer, since one remembers what it has seen.
    """

    def __init__(self, log: Path, choice: Choice, renderer: Callable[[], Renderer]) -> None:
        self.shown = False
        self.ended = False
        self._log = log
        self._choice = choice
        self._worth = choice.worth_parsing()
        self._make_renderer = renderer
        self._renderer = renderer()
        self._inside: set[int] = set()
        self._conditions = list(choice.conditions(self._inside))
        self._reader: LogReader | None = None
        self._cut = 0  # how often lines that were wanted have been left out

    def past(self) -> Iterator[list[str]]:
        """The lines that are there, in blocks. Raises FileNotFoundError and DamagedLogError."""
        if self._choice.tail is not None:
            yield [line for _, line in self._tail(self._choice.tail)]
            return
        for lines, reader in self._read(None):
            yield self._render(lines, reader)

    def past_timed(self) -> Iterator[Timed]:
        """The same line by line, each with the time of its record."""
        if self._choice.tail is not None:
            yield from self._tail(self._choice.tail)
            return
        for lines, reader in self._read(None):
            yield from self._render_timed(lines, reader)

    async def live(self) -> AsyncGenerator[list[str], None]:
        """The lines that come, in blocks, until the log ends. Raises DamagedLogError."""
        if self.ended:
            return
        async with aclosing(follow_blocks(self._log, self._reader)) as blocks:
            async for lines, reader in blocks:
                self.ended = is_result(lines[-1])
                yield self._render(lines, reader)

    def finish(self) -> list[str]:
        """What was kept back, once nothing more comes."""
        if self._reader is not None:
            self._reader.close()
        return self._told(list(self._renderer.finish()))

    def _read(self, last: int | None) -> Iterator[tuple[list[str], LogReader]]:
        """Read what is there from the beginning, but for what need not be read (see `Question.leaps`). Afterwards
        `live` goes on where this ended."""
        question = Question(self._log, since=self._choice.since, until=self._choice.until, step=self._choice.step)
        reader = self._reader = LogReader(self._log, question.leaps(last))
        self._inside = set()
        self._conditions = list(self._choice.conditions(self._inside))
        self._renderer = self._make_renderer()
        self._cut = 0
        while lines := reader.next_lines():
            self._pass_over(reader.left_out)
            self.ended = is_result(lines[-1])
            yield lines, reader

    def _pass_over(self, leaps: list[Leap]) -> None:
        """Take notice of what was left out: what comes later may belong to it."""
        for leap in leaps:
            self._cut += leap.wanted
            self._inside.update(leap.ids)
            if self._choice.ranges_only:
                for group in leap.groups:
                    self._renderer.remember(group_of(group))
        leaps.clear()

    def _tail(self, count: int) -> Iterable[Timed]:
        """The last lines: of the last run that may hold some, of more runs where that has too few."""
        runs = 1
        while True:
            kept: deque[Timed] = deque(maxlen=count)
            cut = 0
            for lines, reader in self._read(runs):
                if self._cut != cut:
                    cut = self._cut
                    kept.clear()
                kept += self._render_timed(lines, reader)
            if len(kept) == count or not cut:
                return kept
            runs *= WIDER

    def _render(self, lines: list[str], reader: LogReader) -> list[str]:
        if not self._conditions:
            try:
                return self._told(self._renderer.render_lines(lines))
            except DamagedLogError as error:
                raise DamagedLogError(f"{self._log}: {error}") from error
        return self._told([*chain.from_iterable(map(self._renderer.render, self._records(lines, reader)))])

    def _render_timed(self, lines: list[str], reader: LogReader) -> list[Timed]:
        records = self._records(lines, reader)
        return self._told([(record.time, line) for record in records for line in self._renderer.render(record)])

    def _records(self, lines: list[str], reader: LogReader) -> Iterator[Record]:
        for record in reader.parse(lines, self._worth):
            if meets(record, self._conditions):
                yield record
            elif isinstance(record, Group) and self._choice.ranges_only:
                self._renderer.remember(record)

    def _told(self, lines: list[T]) -> list[T]:
        self.shown = self.shown or bool(lines)
        return lines
