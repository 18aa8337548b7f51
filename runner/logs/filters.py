"""Choosing records: conditions that work on any source of records, and the moments that people type.

for record in select(read(path), since(moment), of_step("build")): ...
async for record in select_live(follow(path), since(moment)): ...
"""

from __future__ import annotations

import re
from collections import deque
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.logs.records import Command, End, Group, Message

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator

    from runner.logs.records import Record

    Condition = Callable[[Record], bool]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def select(records: Iterable[Record], *conditions: Condition) -> Iterator[Record]:
    """The records that meet all conditions. Each condition sees every record, since some remember."""
    for record in records:
        if _meets(record, conditions):
            yield record


async def select_live(records: AsyncIterable[Record], *conditions: Condition) -> AsyncGenerator[Record, None]:
    """`select` for a log that is followed; closing this does not close `records`."""
    async for record in records:
        if _meets(record, conditions):
            yield record


def _meets(record: Record, conditions: tuple[Condition, ...]) -> bool:
    verdicts = [condition(record) for condition in conditions]
    return all(verdicts)


def since(moment: datetime) -> Condition:
    """Records written at `moment` (aware) or later."""
    return lambda record: record.time >= moment


def of_step(name: str, known: Iterable[int] = ()) -> Condition:
    """What belongs to the TASK `name`: its groups and everything in them. A new condition for each
    log. `known`: ids of it that were opened in what is not looked at."""
    inside = set(known)

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
                return False

    return belongs


def tail(records: Iterable[Record], count: int) -> Iterator[Record]:
    """The last `count` records; memory for no more than these."""
    yield from deque(records, maxlen=count)


def parse_since(text: str, now: datetime) -> datetime:
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
