"""Reading a log over all its segments: whole records only, in blocks, with flat memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.logs.records import DamagedLogError, dropped_line, parse, seq_of, time_of
from runner.logs.segments import Segment, segments
from runner.logs.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from runner.logs.records import Record
    from runner.logs.seeking import Leap

BLOCK = 256 * 1024  # bytes asked for at a time
HEAD = 128  # bytes in which the number and the time of a record are
TRIES = 100  # looks for a segment that is there under one name or another


class LogReader:
    """How far a log was read: always to the end of a whole record.

    What follows the last line end is never kept but read again later: a writer that runs into a full disk takes the
    half record back and may write another one in its place. Where segments were dropped there is one `dropped` record
    for the hole. `leaps`, by segment and in order, are runs of records to leave out (see `runner.logs.seeking`);
    `left_out` are those that were, since somebody emptied it.
    """

    def __init__(self, path: Path, leaps: Mapping[int, list[Leap]] | None = None) -> None:
        """Raises FileNotFoundError while there is no log."""
        self.left_out: list[Leap] = []
        self._log = str(path)
        self._leaps = dict(leaps or {})
        self._next: int | None = None  # the number of the next record, once one was read
        self._segment = segments(self._log)[0]
        self._source = open_source(self._segment)
        self._offset = 0
        self._number = 0  # of the last line read
        self._hole = False
        self._known: list[Segment] = []  # those after this one, when we last looked
        self._ahead = list(self._leaps.get(self._segment.first, ()))

    @property
    def next_seq(self) -> int:
        """The number of the next record."""
        return self._next or 1

    def is_whole(self) -> bool:
        """Whether the log is still in its directory and still has all that was read."""
        return os.path.exists(self._log) and self._source.is_whole(self._offset)

    def close(self) -> None:
        self._source.close()

    def next_lines(self) -> list[str]:
        """The next lines, not parsed, without their ends; none at the end of the log. Raises DamagedLogError."""
        block = self.next_block()
        return block[:-1].decode("utf-8", "replace").split("\n") if block else []

    def next_block(self) -> bytes:
        """The same as they stand in the file."""
        failed = 0
        while failed < TRIES:
            if block := self._block():
                return block
            following = self._following()
            if following is None:
                return b""
            if block := self._block():  # written after we looked, before the next segment was begun
                return block
            failed = 0 if self._go_on(following) else failed + 1
        raise DamagedLogError(f"{self._log}: the segment after {self._segment.path} is there, but cannot be opened")

    def parse(self, lines: Iterable[str], worth: Callable[[str], bool] = bool) -> Iterator[Record]:
        """The records of the lines read last, but for those not worth it. Raises DamagedLogError."""
        for line in lines:
            self._number += 1
            if line and not worth(line):
                continue
            try:
                yield parse(line)
            except DamagedLogError as error:
                raise DamagedLogError(f"{self._segment.path}:{self._number}: {error}") from error

    def _block(self) -> bytes:
        """The next whole records of this segment, or the record of the hole before it."""
        if self._hole:
            return self._fill_hole()
        stop = self._leap()
        size = BLOCK if stop is None else min(BLOCK, stop - self._offset)
        while True:
            block = self._source.read(self._offset, size)
            end = block.rfind(b"\n") + 1
            if end:
                self._offset += end
                last = seq_of(block[block.rfind(b"\n", 0, end - 1) + 1 :][:HEAD])
                self._next = self._next if last is None else last + 1
                return block[:end]
            if len(block) < size:
                return b""
            size *= 2

    def _fill_hole(self) -> bytes:
        """The record of the hole, with the time of the first record behind it; nothing until that one is there."""
        time = time_of(self._source.read(0, HEAD))
        if time is None or self._next is None:
            return b""
        line = dropped_line(self._next, self._segment.first - 1, time)
        self._next, self._hole = self._segment.first, False
        return line

    def _leap(self) -> int | None:
        """Leave out what need not be read from here on; where in this segment the next leap begins."""
        while self._ahead:
            leap = self._ahead[0]
            if leap.at > self._offset:
                return leap.at
            self._ahead.pop(0)
            if leap.at < self._offset:
                continue
            if self._next not in (None, leap.seq) or not self._lands(leap):
                self._leaps.clear()  # the index is of another log: read all of this one
                self._ahead.clear()
                return None
            self.left_out.append(leap)
            self._offset, self._next = leap.to, leap.next_seq
            self._number += leap.next_seq - leap.seq
        return None

    def _lands(self, leap: Leap) -> bool:
        """Whether a leap ends where a record ends, and before the record that it should."""
        if leap.to == self._source.size:
            return True
        around = self._source.read(leap.to - 1, HEAD)
        return around[:1] == b"\n" and (len(around) == 1 or seq_of(around[1:]) == leap.next_seq)

    def _following(self) -> Segment | None:
        """The segment after this one, once there is one."""
        found = self._known[0] if self._known else self._look()
        if found and self._next is not None and found.first > self._next:
            found = self._look()  # one that was just being compressed can have been missed
        return found

    def _look(self) -> Segment | None:
        self._known = [segment for segment in segments(self._log) if segment.first > self._segment.first]
        return self._known[0] if self._known else None

    def _go_on(self, following: Segment) -> bool:
        """Leave this segment for the next one; false if that is not there any more under this name."""
        try:
            source = open_source(following)
        except FileNotFoundError:
            self._known.clear()
            return False
        self._known.pop(0)
        self._source.close()
        self._source = source
        self._segment = following
        self._offset = self._number = 0
        self._hole = self._next is not None and following.first > self._next
        self._ahead = list(self._leaps.get(following.first, ()))
        return True


def read(path: Path, leaps: Mapping[int, list[Leap]] | None = None) -> Iterator[Record]:
    """The records that are in the log now. Raises FileNotFoundError and DamagedLogError."""
    log = LogReader(path, leaps)
    try:
        while lines := log.next_lines():
            yield from log.parse(lines)
    finally:
        log.close()
