"""The command of a build that failed, with the last lines of its output, from the end of its log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from runner.logs.reader import HEAD
from runner.logs.records import Command, End, Message, Record, parse, seq_of
from runner.logs.sanitizing import harmless
from runner.logs.segments import segments
from runner.logs.sources import open_source

TAIL = 256 * 1024
"""Bytes of the log that are looked at: what failed stands near its end, and a log may be very long."""
LINES = 100
"""How much the platform quoted."""


def failing_snippet(log: Path, most: int = LINES) -> str:
    """`$ command` and the last lines that it printed; empty where nothing of a failed command is in the end of the log.
    Raises FileNotFoundError, OSError, DamagedLogError."""
    records = list(_tail(log))
    commands = {record.id: record.text for record in records if isinstance(record, Command)}
    lines: dict[int, list[str]] = {}
    for record in records:
        if isinstance(record, Message) and record.parent is not None:
            lines.setdefault(record.parent, []).append(record.text)
    failed = [r.id for r in records if isinstance(r, End) and r.exit and (r.id in commands or r.id in lines)]
    if not failed:
        return ""
    found = next((id for id in reversed(failed) if id in commands), failed[0])
    command = [f"$ {commands[found]}"] if found in commands else []
    return "\n".join(harmless(line, colours=False) for line in (*command, *lines.get(found, [])[-most:]))


def _tail(log: Path) -> Iterator[Record]:
    segment = segments(str(log))[-1]
    source = open_source(segment)
    try:
        size = os.path.getsize(segment.path) if source.size is None else source.size
        block = source.read(max(0, size - TAIL), TAIL)
    finally:
        source.close()
    for line in block[: block.rfind(b"\n") + 1].splitlines():
        if seq_of(line[:HEAD]) is not None:  # else it is the end of a record that began before
            yield parse(line.decode("utf-8", "replace"))
