"""A log in blocks of whole records, from any record on."""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from runner.logs.reader import HEAD, LogReader
from runner.logs.records import DamagedLogError, dropped_line, is_result, seq_of, time_of
from runner.logs.seeking import Question, read_index, runs
from runner.service.threads import finished

WIDER = 4
"""Times as many runs are read where the last ones did not hold enough records."""


@dataclass(frozen=True)
class Block:
    """Records one after another as they stand in the file: `first` up to before `next`."""

    first: int
    next: int
    data: bytes

    @functools.cached_property
    def is_last(self) -> bool:
        """Whether the last record of the build is in it."""
        last = self.data[self.data.rfind(b"\n", 0, -1) + 1 :]
        return is_result(last[:HEAD].decode("utf-8", "replace"))

    @functools.cached_property
    def events(self) -> bytes:
        """The same as server-sent events. The id of a `dropped` record is that of the last one that it stands for, so
        that nothing of it comes again."""
        return b"".join(b"id: %d\ndata: %b\n\n" % (_last_of(line), line) for line in self.data[:-1].split(b"\n"))

    def since(self, seq: int) -> Block:
        """What is left of it from this record on, which is in it."""
        if seq <= self.first:
            return self
        lines = self.data.split(b"\n")
        left = [line for line in lines[:-1] if _last_of(line) >= seq]
        if left and (number := seq_of(left[0][:HEAD])) is not None and number < seq:
            left[0] = _cut_hole(left[0], seq)
        return Block(seq, self.next, b"".join(line + b"\n" for line in left))


def open_at(log: Path, seq: int) -> LogReader:
    """A reader that stands before this record or somewhat earlier. Raises FileNotFoundError."""
    return LogReader(log, runs(entry for entry in read_index(log) if entry.next_seq <= seq))


def open_at_end(log: Path) -> tuple[LogReader, bool]:
    """A reader that has read all that is there, and whether the last record of the build was. Raises
    FileNotFoundError, DamagedLogError."""
    reader = LogReader(log, Question(log).leaps(1))
    last = b""
    while block := reader.next_block():
        last = block
    return reader, bool(last) and block_of(last, reader).is_last


async def next_block(reader: LogReader) -> Block | None:
    """The next block of a log, read on a thread; None at its end. Raises DamagedLogError."""
    data = await finished(reader.next_block)
    return block_of(data, reader) if data else None


def block_of(data: bytes, reader: LogReader) -> Block:
    """What a reader has just read. Raises DamagedLogError."""
    first = seq_of(data[:HEAD])
    if first is None:
        raise DamagedLogError(f"this line is no log record: {data[:80].decode('utf-8', 'replace')}")
    return Block(first, reader.next_seq, data)


def first_of_tail(log: Path, count: int) -> int:
    """The number of the first of the last records. Raises FileNotFoundError, DamagedLogError."""
    wanted = 1
    while True:
        reader = LogReader(log, Question(log).leaps(wanted))
        try:
            kept = _last_numbers(reader, count)
        finally:
            reader.close()
        if len(kept) == count or not reader.left_out:
            return kept[0] if kept else reader.next_seq
        wanted *= WIDER


def _last_numbers(reader: LogReader, count: int) -> deque[int]:
    kept: deque[int] = deque(maxlen=count)
    seen = 0
    while block := reader.next_block():
        if len(reader.left_out) != seen:  # what came before the leap is not the tail
            seen = len(reader.left_out)
            kept.clear()
        kept.extend(number for line in block[:-1].split(b"\n") if (number := seq_of(line[:HEAD])) is not None)
    return kept


def _last_of(line: bytes) -> int:
    """The number of the last record that a line stands for."""
    number = seq_of(line[:HEAD])
    if number is None:
        raise DamagedLogError(f"this line is no log record: {line[:80].decode('utf-8', 'replace')}")
    if b'"type":"dropped"' in line[:HEAD]:
        return int(line.rpartition(b'"until":')[2].rstrip(b"}"))
    return number


def _cut_hole(line: bytes, seq: int) -> bytes:
    """The rest of a hole, as whoever had read up to here would have met it."""
    return dropped_line(seq, _last_of(line), time_of(line) or b"").rstrip(b"\n")
