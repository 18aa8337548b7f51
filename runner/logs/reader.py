"""Reading a log from its beginning: whole records only, in blocks, with flat memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.logs.records import DamagedLogError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.logs.records import Record

BLOCK = 256 * 1024  # bytes asked for at a time


class LogFile:
    """An open log and how far it was read: always to the end of a whole record.

    What follows the last line end is never kept but read again later: a writer that runs into a full disk takes the
    half record back and may write another one in its place.
    """

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError while there is no log."""
        self._path = path
        self._file = path.open("rb", buffering=0)
        self._offset = 0
        self._number = 0  # of the last line read

    def fileno(self) -> int:
        return self._file.fileno()

    def is_whole(self) -> bool:
        """Whether the file is still in a directory and still has all that was read."""
        status = os.fstat(self._file.fileno())
        return bool(status.st_nlink) and status.st_size >= self._offset

    def close(self) -> None:
        self._file.close()

    def next_records(self) -> Iterator[Record]:
        """The next block of records that are whole by now; none at the end of the file. Raises DamagedLogError."""
        for line in self.next_lines():
            self._number += 1
            try:
                yield parse(line)
            except DamagedLogError as error:
                raise DamagedLogError(f"{self._path}:{self._number}: {error}") from error

    def next_lines(self) -> list[str]:
        """The lines of the next block, unread, without their ends; none at the end of the file."""
        size = BLOCK
        while True:
            block = os.pread(self._file.fileno(), size, self._offset)
            end = block.rfind(b"\n")
            if end >= 0:
                self._offset += end + 1
                return block[:end].decode("utf-8", "replace").split("\n")
            if len(block) < size:
                return []
            size *= 2


def read(path: Path) -> Iterator[Record]:
    """The records that are in the log now. Raises FileNotFoundError and DamagedLogError."""
    log = LogFile(path)
    try:
        more = True
        while more:
            more = False
            for record in log.next_records():
                more = True
                yield record
    finally:
        log.close()
