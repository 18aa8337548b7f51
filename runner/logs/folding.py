"""Groups that ended well as one line each: what most people want to see of a long log."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.logs.reader import LogReader
from runner.logs.records import Command, End, Group, Level, Message, parse
from runner.logs.rendering import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from runner.logs.records import Record
    from runner.logs.rendering import TextRenderer

NO_MESSAGE = re.compile(rb'"type":"(?:group|command|end)"')
NO_MESSAGE_TEXT = re.compile(NO_MESSAGE.pattern.decode())
HEAD = 90  # characters in which the type of a record is


@dataclass(frozen=True, slots=True)
class Opened:
    """A group that is open while a log is looked through: its record, and how many records no messages were before."""

    seq: int
    before: int


def foldable(log: Path) -> dict[int, int]:
    """The groups that people are shown, and that ended with 0: id → lines in it."""
    opened: dict[int, Opened] = {}
    folded = {}
    for count, record in enumerate(_no_messages(log)):
        if record["type"] == "group" and record["parent"] is None and record["shown"]:
            opened[record["id"]] = Opened(record["seq"], count)
        elif record["type"] == "end" and (group := opened.pop(record["id"], None)) and record["exit"] == 0:
            folded[record["id"]] = record["seq"] - group.seq - (count - group.before)
    return folded


def steps_of(log: Path) -> list[str]:
    """The names of the TASKs that a log has."""
    return [record["step"] for record in _no_messages(log) if record["type"] == "group" and record["step"] is not None]


def _no_messages(log: Path) -> Iterator[dict[str, Any]]:
    """Groups, commands and ends, found without parsing the many lines between them."""
    reader = LogReader(log)
    try:
        while block := reader.next_block():
            for found in NO_MESSAGE.finditer(block):
                start = block.rfind(b"\n", 0, found.start()) + 1
                yield json.loads(block[start : block.index(b"\n", start)])
    finally:
        reader.close()


class FoldingRenderer:
    """Shows the groups in `folded` (see `foldable`) as one line at their end; their warnings and errors it shows."""

    def __init__(self, inner: TextRenderer, folded: Mapping[int, int]) -> None:
        self._inner = inner
        self._folded = folded
        self._root: dict[str, int] = {}  # id of a group or command, as in the file → the folded group around it
        self._titles: dict[int, str] = {}
        self._hint = " (--full shows them)"

    def render(self, record: Record) -> Iterable[str]:
        match record:
            case Group(id=id, parent=parent) | Command(id=id, parent=parent):
                root = id if id in self._folded else self._root.get(str(parent))
                if root is None:
                    return self._inner.render(record)
                self._root[str(id)] = root
                if isinstance(record, Group) and root == id:
                    self._titles[id] = record.name
                return ()
            case End(id=id) if str(id) in self._root:
                return (self._line(record),) if id in self._titles else ()
            case Message(parent=parent, level=level) if str(parent) in self._root:
                return self._inner.render(record) if level in (Level.WARNING, Level.ERROR) else ()
            case _:
                return self._inner.render(record)

    def render_lines(self, lines: Iterable[str]) -> list[str]:
        shown: list[str] = []
        others: list[str] = []  # lines in a row that are no business of ours
        for line in lines:
            head, _, text = line.partition(',"text":"')
            message = '"type":"message"' in head[:HEAD]
            if message:
                ours = head.rpartition('"parent":')[2] in self._root
            else:
                ours = NO_MESSAGE_TEXT.search(line, 0, HEAD) is not None
            if not ours:
                others.append(line)
            elif not message or '","level":"' in text:
                shown += self._inner.render_lines(others)
                others.clear()
                shown += self.render(parse(line))
        return shown + self._inner.render_lines(others)

    def remember(self, group: Group) -> None:
        self._inner.remember(group)

    def finish(self) -> Iterable[str]:
        return self._inner.finish()

    def _line(self, end: End) -> str:
        count = self._folded[end.id]
        lines = "1 line" if count == 1 else f"{count} lines"
        text = f"{self._titles.pop(end.id)}: {duration(end.duration_us)}, {lines}{self._hint}"
        self._hint = ""
        return self._inner.aside(end.time, f"▸ {text}")
