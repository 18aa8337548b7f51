"""Records as lines for people (plain or in colour) or, untouched, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from runner.logs.records import Build, Command, Dropped, End, Group, Level, Message, Result, Unknown, is_literal, parse
from runner.logs.sanitizing import RESET, harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, tzinfo

    from runner.logs.records import Record

STYLES = {  # SGR codes, which every terminal knows
    "group": "\x1b[1m",
    "command": "\x1b[36m",
    "good": "\x1b[32m",
    "warning": "\x1b[33m",
    "error": "\x1b[31m",
    "aside": "\x1b[2m",
}


NO_HEAD = "\n"  # what the head of no line ends with


class Renderer(Protocol):
    """Turns the records of one log, in order, into lines without line ends."""

    def render(self, record: Record) -> Iterable[str]: ...

    def render_lines(self, lines: Iterable[str]) -> list[str]:
        """The same for lines of the file that nobody has parsed; quicker where there are many."""

    def remember(self, group: Group) -> None:
        """A group that is not shown, of which later records may be."""

    def finish(self) -> Iterable[str]:
        """Call once when no more records come: what was kept back and never decided."""


class JsonRenderer:
    """The records as they stand in the file."""

    def render(self, record: Record) -> Iterable[str]:
        return (record.line,)

    def render_lines(self, lines: Iterable[str]) -> list[str]:
        return list(lines)

    def remember(self, group: Group) -> None:
        """Records speak for themselves."""

    def finish(self) -> Iterable[str]:
        return ()


class LabelledJsonRenderer:
    """The records of several builds at once: each in an object that names its build, as `run --output json` does."""

    def __init__(self, job: str, number: int) -> None:
        self._head = f'{{"event":"record","job":{json.dumps(job, ensure_ascii=False)},"number":{number},"record":'

    def render(self, record: Record) -> Iterable[str]:
        return (f"{self._head}{record.line}}}",)

    def render_lines(self, lines: Iterable[str]) -> list[str]:
        return [f"{self._head}{line}}}" for line in lines]

    def remember(self, group: Group) -> None:
        """Records speak for themselves."""

    def finish(self) -> Iterable[str]:
        return ()


class TextRenderer:
    """Lines for people; one renderer per log, since it remembers which groups are open.

    `label`: names the build when several are shown at once. `times`: begin lines with the time of day in `zone`
    (None: the local one). `colour`: use colours and leave those of the job in. A hidden group is kept back until its
    end shows whether anybody has to see it; `whole`: it is shown like all others. Control sequences of the job never
    get through (see `harmless`).
    """

    def __init__(
        self,
        *,
        label: str = "",
        times: bool = False,
        colour: bool = False,
        zone: tzinfo | None = None,
        whole: bool = False,
    ) -> None:
        self._label = label
        self._whole = whole
        self._times = times
        self._colour = colour
        self._zone = zone
        self._titles: dict[int, str] = {}  # of groups only
        self._hidden_in: dict[int, int] = {}  # id of a group or command → the hidden group around it
        self._plain = (NO_HEAD, "")  # how the newest command's output is recognized, and its prefix
        self._kept: dict[int, list[str]] = {}  # hidden group → its lines so far
        self._rewritten: dict[int | None, str] = {}  # parent → the state of its unfinished line that rewrites itself

    def render(self, record: Record) -> Iterator[str]:
        hidden = self._hidden_root(record)
        lines = [self._prefix(record.time) + line for line in self._lines(record)]
        if hidden is None:
            if isinstance(record, Result) and record.status != "success":
                yield from self.finish()
            yield from lines
            return
        kept = self._kept[hidden]
        kept += lines
        if isinstance(record, End) and record.id == hidden:
            del self._kept[hidden]
            if record.exit != 0:
                yield from kept

    def render_lines(self, lines: Iterable[str]) -> list[str]:
        """Most lines of a long log are output of one command: these are taken apart without parsing."""
        shown: list[str] = []
        head_end, prefix = self._plain
        for line in lines:
            head, _, text = line.partition(',"text":"')
            if (
                head.endswith(head_end)
                and not self._rewritten
                and text.endswith('"}')
                and is_literal(text := text[:-2])
            ):
                shown.append(prefix + text)
                continue
            record = parse(line)
            shown += self.render(record)
            if isinstance(record, Command):
                head_end, prefix = self._plain = self._plain_output(record)
        return shown

    def _plain_output(self, command: Command) -> tuple[str, str]:
        """How the heads of the command's output end, and what is put before its text."""
        if self._times or command.id in self._hidden_in:
            return NO_HEAD, ""
        return f'"type":"message","parent":{command.id}', self._prefix(command.time)

    def remember(self, group: Group) -> None:
        self._hidden_root(group)
        self._titles[group.id] = self._clean(group.name)

    def aside(self, time: datetime, text: str) -> str:
        """A line beside the log, as the renderer itself would show one."""
        return self._prefix(time) + self._styled("aside", self._clean(text))

    def finish(self) -> Iterator[str]:
        """The lines of hidden groups that have no end: the build stopped in them."""
        for kept in self._kept.values():
            yield from kept
        self._kept.clear()

    def _hidden_root(self, record: Record) -> int | None:
        """The hidden group that decides whether this record is shown; None: it is shown now."""
        match record:
            case Group(id=id, parent=parent, shown=shown):
                root = self._hidden_in.get(parent) if parent is not None else None
                if root is None and not (shown or self._whole):
                    root = id
                    self._kept[id] = []
                if root is not None:
                    self._hidden_in[id] = root
            case Command(id=id, parent=parent):
                root = self._hidden_in.get(parent)
                if root is not None:
                    self._hidden_in[id] = root
            case Message(parent=int(parent)):
                root = self._hidden_in.get(parent)
            case End(id=id):
                root = self._hidden_in.get(id)
            case _:
                return None
        return root if root in self._kept else None

    def _lines(self, record: Record) -> Iterable[str]:
        match record:
            case Group():
                self._titles[record.id] = self._clean(record.name)
                return (self._styled("group", self._titles[record.id]),)
            case Command():
                return (self._styled("command", f"$ {self._first_line(record.text)}"),)
            case Message():
                return self._message(record)
            case End():
                return self._end(record)
            case Result():
                return (self._result(record),)
            case Dropped():
                return (self._styled("warning", f"({_records(record)} not kept: the log is over its limit)"),)
            case Build() | Unknown():
                return ()

    def _message(self, record: Message) -> list[str]:
        text = record.text
        if record.level is None:
            text = self._rewritten.pop(record.parent, "") + text
            if record.partial and "\r" in text:  # what a long progress bar shows in the end is in a later part
                self._rewritten[record.parent] = text.rpartition("\r")[2]
                return []
        lines = [self._clean(line) for line in text.split("\n")]
        match record.level:
            case Level.WARNING | Level.ERROR as level:
                return [self._styled(level.value, f"{level.value}: {line}") for line in lines]
            case _:
                return lines

    def _end(self, record: End) -> Iterable[str]:
        took = duration(record.duration_us)
        title = self._titles.pop(record.id, None)
        if title is None:
            return () if record.exit == 0 else (self._styled("error", f"{_exit(record.exit)} after {took}"),)
        if record.exit == 0:
            return (self._styled("aside", f"{title}: {took}"),)
        return (self._styled("error", f"{title}: {_exit(record.exit)} after {took}"),)

    def _result(self, record: Result) -> str:
        code = f" (exit {record.exit})" if record.exit else ""
        reason = f": {self._clean(record.reason)}" if record.reason else ""
        text = f"{self._clean(record.status)}{code} after {duration(record.duration_us)}{reason}"
        return self._styled("good" if record.status == "success" else "error", text)

    def _first_line(self, text: str) -> str:
        first, *more = text.strip().split("\n")
        return f"{self._clean(first)} …" if more else self._clean(first)

    def _clean(self, text: str) -> str:
        return harmless(text, colours=self._colour)

    def _styled(self, style: str, text: str) -> str:
        return f"{STYLES[style]}{text}{RESET}" if self._colour else text

    def _prefix(self, time: datetime) -> str:
        parts = [time.astimezone(self._zone).strftime("%H:%M:%S")] if self._times else []
        if self._label:
            parts.append(self._label)
        return self._styled("aside", f"{' '.join(parts)} |") + " " if parts else ""


def duration(microseconds: int) -> str:
    """A length of time in the precision people read: `0.4 s`, `12 s`, `3 min 07 s`, `2 h 05 min`."""
    seconds = microseconds / 1_000_000
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _records(record: Dropped) -> str:
    count = record.until - record.seq + 1
    return "1 record was" if count == 1 else f"{count} records were"


def _exit(code: int | None) -> str:
    return "no exit status" if code is None else f"exit {code}"
