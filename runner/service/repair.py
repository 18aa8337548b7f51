"""A log whose writer was killed: where it stopped, and whether it was complete."""

from __future__ import annotations

import os
import re
from pathlib import Path

from runner.logs.reader import LogReader
from runner.logs.records import DamagedLogError, seq_of
from runner.logs.seeking import read_index, runs
from runner.logs.segments import segments
from runner.logs.sources import open_source

TAIL = 64 * 1024
OPENED = re.compile(rb'"type":"(?:group|command)","id":([0-9]+)')


def resume_at(path: Path) -> tuple[int, int]:
    """The next sequence number and the next id of a log. What the index describes is not read. Half a record at the
    end counts as none: the next writer cuts it off. Raises FileNotFoundError and DamagedLogError."""
    entries = read_index(path)
    next_id = max((entry.next_id for entry in entries), default=1)
    reader = LogReader(path, runs(entries))
    last = b""
    try:
        while block := reader.next_block():
            next_id = max(next_id, 1 + max(map(int, OPENED.findall(block)), default=0))
            last = block[block.rfind(b"\n", 0, -1) + 1 :]
    finally:
        reader.close()
    if last and seq_of(last) is None:
        raise DamagedLogError(f"{path}: the last line is no log record: {last[:80]!r}")
    return reader.next_seq, next_id


def has_result(path: Path) -> bool:
    """Whether the log has its last record. Raises FileNotFoundError."""
    for segment in reversed(segments(str(path))):
        source = open_source(segment)
        try:
            size = os.path.getsize(segment.path) if source.size is None else source.size
            lines = source.read(max(0, size - TAIL), TAIL).rpartition(b"\n")[0].splitlines()
        finally:
            source.close()
        if lines:
            return b'"type":"result"' in lines[-1]
    return False
