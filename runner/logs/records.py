"""The records of a log as typed values: the reading side of the schema in docs/logs.md."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


MESSAGE_HEAD = 90  # characters in which the type of a record is


class DamagedLogError(RunnerError):
    """A whole line of a log is no record: the file was changed by something else, or the disk lost a part of it."""


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """`seq` counts from 1 without gap; `time` is aware (UTC); `line` is the JSON text as it stands in the file."""

    seq: int
    time: datetime
    line: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(_Common):
    """The first record: which build this is the log of."""

    schema: int
    build: str
    job: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(_Common):
    """A group opens. `step`: the TASK it is for; `shown` false: of interest only when it fails."""

    id: int
    parent: int | None
    name: str
    step: str | None
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(_Common):
    """A command of a group begins."""

    id: int
    parent: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(_Common):
    """A line. `level`: the runner's own, None on a job's output; `partial`: goes on in the next one of `parent`."""

    parent: int | None
    text: str
    level: Level | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class End(_Common):
    """A group or command has ended; `exit` is None where there is no exit status."""

    id: int
    exit: int | None
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(_Common):
    """The last record of a finished build. `by`: who or what ended it (None in logs of before that was told); `left`:
    what was alive then, in words; `dropped_…`: what the limit of the log's size has cost."""

    status: str
    exit: int | None
    reason: str | None
    duration_us: int
    by: str | None = None
    signal: int | None = None
    left: tuple[str, ...] = ()
    dropped_records: int = 0
    dropped_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped(_Common):
    """Stands for the records `seq` to `until`, which the limit of the log's size has cost; made by the reader."""

    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(_Common):
    """A record of a type that a newer version writes; `line` has all of it."""

    type: str


Record = Build | Group | Command | Message | End | Result | Dropped | Unknown


def parse(line: str) -> Record:
    """Read one line of a log. Unknown keys are passed over, unknown types give `Unknown`; else DamagedLogError."""
    line = line.rstrip("\n")
    try:
        keys = json.loads(line)
        seq, time, kind = int(keys["seq"]), datetime.fromisoformat(keys["time"]), str(keys["type"])
        if kind in _READERS:
            return _READERS[kind](line, seq, time, keys)
        return Unknown(line=line, seq=seq, time=time, type=kind)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedLogError(f"this line is no log record: {line[:80]}") from error


def is_result(line: str) -> bool:
    """Whether a line is a result record, told from its head alone."""
    return line.partition('"type":"')[2].startswith('result"')


def group_of(keys: Mapping[str, Any]) -> Group:
    """A group whose record was parsed as JSON already."""
    return _group("", keys["seq"], datetime.fromisoformat(keys["time"]), keys)


def plain_text(line: str) -> str | None:
    """The text of a job's output that can be taken from its line as it stands, without parsing; None for all else."""
    _, _, text = line.partition(',"text":"')
    if text.endswith('"}') and is_literal(text := text[:-2]):
        return text if '"type":"message"' in line[:MESSAGE_HEAD] else None
    return None


def is_literal(text: str) -> bool:
    """Whether the inside of a JSON string is its value and can be shown as it is; no other key follows it."""
    return '"' not in text and "\\" not in text and text.isprintable()


def seq_of(line: bytes) -> int | None:
    """The number of a record, told from the first bytes of its line. None: this is no record."""
    number, comma, _ = line.removeprefix(b'{"seq":').partition(b",")
    return int(number) if comma and number.isdigit() and line.startswith(b'{"seq":') else None


def time_of(line: bytes) -> bytes | None:
    """The time of a record, told from the first bytes of its line."""
    time, quote, _ = line.partition(b'"time":"')[2].partition(b'"')
    return time if quote else None


def dropped_line(seq: int, until: int, time: bytes) -> bytes:
    """The line of a `dropped` record."""
    return b'{"seq":%d,"time":"%b","type":"dropped","until":%d}\n' % (seq, time, until)


def _build(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Build:
    return Build(
        line=line, seq=seq, time=time,
        schema=keys["schema"], build=keys["build"], job=keys["job"], number=keys["number"],
    )  # fmt: skip


def _group(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Group:
    return Group(
        line=line, seq=seq, time=time,
        id=keys["id"], parent=keys["parent"], name=keys["name"], step=keys["step"], shown=keys["shown"],
    )  # fmt: skip


def _command(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Command:
    return Command(line=line, seq=seq, time=time, id=keys["id"], parent=keys["parent"], text=keys["text"])


def _message(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Message:
    level = _level(keys["level"]) if "level" in keys else None
    partial = keys.get("partial", False)
    return Message(
        line=line, seq=seq, time=time, parent=keys["parent"], text=keys["text"], level=level, partial=partial
    )  # fmt: skip


def _end(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> End:
    return End(line=line, seq=seq, time=time, id=keys["id"], exit=keys["exit"], duration_us=keys["duration_us"])


def _result(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Result:
    return Result(
        line=line, seq=seq, time=time,
        status=keys["status"], exit=keys["exit"], reason=keys["reason"], duration_us=keys["duration_us"],
        by=keys.get("by"), signal=keys.get("signal"), left=tuple(keys.get("left", ())),
        dropped_records=keys.get("dropped_records", 0), dropped_bytes=keys.get("dropped_bytes", 0),
    )  # fmt: skip


def _dropped(line: str, seq: int, time: datetime, keys: Mapping[str, Any]) -> Dropped:
    return Dropped(line=line, seq=seq, time=time, until=keys["until"])


def _level(text: str) -> Level:
    """The level; one that this version does not know is shown as any other message of the runner."""
    return Level(text) if text in set(Level) else Level.INFO


_READERS: Mapping[str, Callable[[str, int, datetime, Mapping[str, Any]], Record]] = {
    "build": _build,
    "group": _group,
    "command": _command,
    "message": _message,
    "end": _end,
    "result": _result,
    "dropped": _dropped,
}
