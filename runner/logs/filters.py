"""Choosing records: conditions that work on any source of records, and the moments that people type.

conditions = [since(moment), of_step("build")]
chosen = [record for record in read(path) if meets(record, conditions)]
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.logs.records import Command, Dropped, End, Group, Level, Message, plain_text
from runner.logs.sanitizing import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runner.logs.records import Record

    Condition = Callable[[Record], bool]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def meets(record: Record, conditions: Iterable[Condition]) -> bool:
    """Whether a record meets all conditions. Each of these sees every record, since some remember."""
    verdicts = [condition(record) for condition in conditions]
    return all(verdicts)


def since(moment: datetime) -> Condition:
    """Records written at `moment` (aware) or later."""
    return lambda record: record.time >= moment


def until(moment: datetime) -> Condition:
    """Records written at `moment` (aware) or earlier."""
    return lambda record: record.time <= moment


def of_step(name: str, inside: set[int] | None = None) -> Condition:
    """What belongs to the TASK `name`: its groups and everything in them; and what is missing, which may have. A new
    condition for each log. `inside` holds the ids that belong to it; add those of what is left out."""
    inside = set() if inside is None else inside

    def belongs(record: Record) -> bool:
        match record:
            case Group(id=id, parent=parent, step=step):
                if step != name and parent not in inside:
                    return False
                inside.add(id)
                return True
            case Command(id=id, parent=parent):
                if parent in inside:
                    inside.add(id)
                return parent in inside
            case Message(parent=parent):
                return parent in inside
            case End(id=id):
                return id in inside
            case _:
                return isinstance(record, Dropped)

    return belongs


def matches(pattern: re.Pattern[str]) -> Condition:
    """Messages, commands and groups with a line in which the pattern is found, in what a person would see of it."""

    def found(record: Record) -> bool:
        match record:
            case Message(text=text) | Command(text=text) | Group(name=text):
                return any(pattern.search(harmless(line, colours=False)) for line in text.split("\n"))
            case _:
                return False

    return found


def may_match(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """The same for lines of the file, quickly: false for messages that certainly do not match."""

    def possible(line: str) -> bool:
        text = plain_text(line)
        return text is None or pattern.search(text) is not None

    return possible


def at_least(level: Level) -> Condition:
    """The runner's own messages of this level or a graver one."""
    graver = set(list(Level)[list(Level).index(level) :])
    return lambda record: isinstance(record, Message) and record.level in graver


def may_have_level(line: str) -> bool:
    """The same for lines of the file: false for output of the job that is plain text."""
    return plain_text(line) is None


def parse_moment(text: str, now: datetime) -> datetime:
    """A moment as people type it; `now` is aware, and its zone is meant where the text names none.

    `90s`, `10m`, `2h`, `1d`: that long ago; `14:30`: the last time the clock showed it; RFC 3339 or a date. Raises
    UsageError.
    """
    text = text.strip()
    try:
        if ago := re.fullmatch(r"([0-9]+)([smhd])", text):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        if re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", text):
            today = datetime.combine(now.date(), time.fromisoformat(text), now.tzinfo)
            return today if today <= now else today - timedelta(days=1)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.combine(date.fromisoformat(text), time.min, now.tzinfo)
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"'{text}' is no moment: give a time span (10m, 2h, 1d), a time of day (14:30) "
            "or a date with time (2024-05-01T14:30:00Z)"
        ) from error
