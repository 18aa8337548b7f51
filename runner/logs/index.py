"""The index of a log, as it is written: what each run of records holds, so that a reader can leave runs out.

One line for a run: a checksum and a JSON array (see `runner.logs.seeking`). The index is a cache: whoever reads it
takes nothing from it that the log itself does not bear out, and what it does not describe is read.

Imported by the supervisor under `python -I -S`: builtin modules only.
"""

from __future__ import annotations

import os
from _json import encode_basestring_ascii  # json's own, without the cost of importing json
from binascii import crc32

from runner.logs.segments import index_path

SPAN = 256 * 1024  # bytes of log that are worth a line
LAST_LINE = 64 * 1024  # bytes at the end of the file in which the last line is looked for
FAR = 1 << 62  # microseconds: later than any record
NOBODY_KNOWS = "null"


class Indexer:
    """Describes a log to its index. What fails here costs readers time only, so it is given up without a word.

    The records that are made are told before they are written, so a run may be said to hold what did not fit on the
    disk, but never less than it holds.
    """

    def __init__(self, log: str, first: int, size: int, seq: int) -> None:
        """The next record is `seq`, behind `size` bytes of the segment `first`."""
        self._path = index_path(log)
        self._descriptor = -1
        self._usable = True
        self._step_of: dict[int, str | None] = {}  # id of a group or command → the TASK it belongs to
        self._first, self._at, self._seq = first, size, seq
        self._earliest, self._latest = FAR, -1
        self._steps: dict[str, list[int]] = {}
        self._certain = True  # that `_steps` has them all
        self._groups: list[bytes] = []

    def saw(self, microseconds: int) -> None:
        """A record of this moment is made."""
        if microseconds < self._earliest:
            self._earliest = microseconds
        if microseconds > self._latest:
            self._latest = microseconds

    def opened(self, id: int, parent: int | None, step: str | None) -> None:
        """A group or command begins."""
        around = self._step_of.get(parent) if parent is not None else None
        if step is not None and around is not None:
            self._certain = False  # one in the other: it belongs to both, for which there is no word here
        self._step_of[id] = step = around if step is None else step
        self.touched(parent)
        if step is not None:
            self._steps.setdefault(step, []).append(id)

    def grouped(self, record: bytes) -> None:
        """This record of a group: whoever leaves it out needs to know what comes later is in."""
        self._groups.append(record.rstrip())

    def touched(self, id: int | None) -> None:
        """A record belongs to this group or command."""
        if id is None:
            return
        if id not in self._step_of:
            self._certain = False  # another writer opened it
        elif (step := self._step_of[id]) is not None:
            self._steps.setdefault(step, [])

    def wrote(self, first: int, size: int, seq: int, next_id: int, *, last: bool) -> None:
        """All records told so far are in the log, which goes on at this place; `last`: in another segment."""
        if first != self._first:
            self._first, self._at, self._seq = first, 0, first
        if self._usable and seq > self._seq and (last or size - self._at >= SPAN):
            self._add(f"{first},{self._at},{size},{self._seq},{seq},{next_id},{self._earliest},{self._latest}")
            self._begin(first, size, seq)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin(self, first: int, at: int, seq: int) -> None:
        self._first, self._at, self._seq = first, at, seq
        self._earliest, self._latest = FAR, -1
        self._steps = {}
        self._certain = True
        self._groups = []

    def _add(self, numbers: str) -> None:
        text = b"[%b,%b,[%b]]" % (numbers.encode(), self._steps_text().encode(), b",".join(self._groups))
        line = b"%08x %b\n" % (crc32(text), text)
        try:
            if self._descriptor < 0:
                self._open()
            self._usable = os.write(self._descriptor, line) == len(line)
        except OSError:
            self._usable = False

    def _steps_text(self) -> str:
        if not self._certain:
            return NOBODY_KNOWS
        items = (f"{encode_basestring_ascii(step)}:[{','.join(map(str, ids))}]" for step, ids in self._steps.items())
        return "{" + ",".join(items) + "}"

    def _open(self) -> None:
        """Open the index, and begin a new one where its last line is none or of a log that was longer than this one."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        size = os.fstat(self._descriptor).st_size
        end = os.pread(self._descriptor, LAST_LINE, max(0, size - LAST_LINE))
        line = end.removesuffix(b"\n").rpartition(b"\n")[2]
        if size and not (end.endswith(b"\n") and self._is_before(line)):
            os.ftruncate(self._descriptor, 0)

    def _is_before(self, line: bytes) -> bool:
        """Whether a line is whole and describes what stands before the run that is to be added."""
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % crc32(text):
            return False
        first, _, to, _, next_seq = map(int, text[1:].split(b",")[:5])
        return next_seq <= self._seq and (first < self._first or (first == self._first and to <= self._at))
