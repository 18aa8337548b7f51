"""Appending to a log: whole records to its newest segment, and a new segment where that is full.

Imported by the supervisor under `python -I -S`: builtin modules only.
"""

from __future__ import annotations

import errno
import os

from runner.logs.segments import Segment, part, parts_directory, segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.logs.packing import Packer

RESERVE = 8 * 1024 * 1024  # bytes of the disk that output leaves free; a sixteenth of it where that is less
LOOK_AFTER = 256 * 1024  # bytes of output between two looks at what is free
BLOCK = 64 * 1024  # bytes looked through at a time for the last line end
LIVE = 2  # segments beside the head that stay plain: the newest and the one before it
FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Appender:
    """The file that a log goes on in; only one may be open on a log at a time.

    `seq` is the number of the next record, `first` and `size` say where it will stand: in the segment that begins with
    record `first`, behind `size` bytes. `full`: the next record begins a segment of its own.
    """

    def __init__(self, log: str, seq: int, segment_size: int, packer: Packer | None) -> None:
        """Opens or makes the log, and drops the half record that a killed writer left. Raises OSError."""
        self.seq = seq
        self._log = log
        self._segment_size = segment_size
        self._packer = packer
        self._not_looked = 0  # bytes of output since we looked at what is free
        *older, newest = segments(log)
        self._plain = [segment for segment in older[1:] if not segment.packed]  # those that were newest before
        if newest.packed:
            newest = part(log, seq)
        self._take(newest, os.open(newest.path, FLAGS, 0o600))
        self._hand_over()

    @property
    def full(self) -> bool:
        return self.size >= self._segment_size

    def append(self, records: bytes, next_seq: int, *, output: bool = False) -> None:
        """Write records, whole ones only; `next_seq` is the number after them. Raises OSError: then those that fitted
        are written, and `seq` is the number of the first that did not.

        A job's `output` that would fill the disk is refused before it does: its end, the other builds and the store
        need some room."""
        if self.full:
            self._begin_segment()
        written = 0
        try:
            if output:
                self._leave_room(len(records))
            written = os.write(self.descriptor, records)
            while written < len(records):
                written += os.write(self.descriptor, memoryview(records)[written:])
        except OSError:
            whole = records.rfind(b"\n", 0, written) + 1
            self.seq = next_seq - records.count(b"\n", whole)
            self.size += whole
            if written > whole:
                os.ftruncate(self.descriptor, os.lseek(self.descriptor, 0, os.SEEK_END) - (written - whole))
            raise
        self.seq = next_seq
        self.size += written

    def close(self) -> None:
        """Close the file; waits for what is being compressed."""
        os.close(self.descriptor)
        if self._packer:
            self._packer.close()

    def _leave_room(self, size: int) -> None:
        self._not_looked += size
        if self._not_looked >= LOOK_AFTER:
            disk = os.fstatvfs(self.descriptor)
            if disk.f_bavail < min(RESERVE // disk.f_frsize, disk.f_blocks // 16):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._not_looked = 0

    def _take(self, segment: Segment, descriptor: int) -> None:
        self._segment = segment
        self.first = segment.first
        self.descriptor = descriptor
        self.size = _cut_half_record(descriptor)

    def _begin_segment(self) -> None:
        """Go on in a new segment; where there is no room for one, in the old one for as long as that takes it."""
        new = part(self._log, self.seq)
        try:
            if not os.path.isdir(directory := parts_directory(self._log)):
                os.mkdir(directory, 0o700)
            descriptor = os.open(new.path, FLAGS, 0o600)
        except OSError:
            return
        os.close(self.descriptor)
        if self._segment.path != self._log:
            self._plain.append(self._segment)
        self._take(new, descriptor)
        self._hand_over()

    def _hand_over(self) -> None:
        """Give what is no longer live to be compressed."""
        if self._packer:
            while len(self._plain) >= LIVE:
                self._packer.add(self._plain.pop(0))


def _cut_half_record(descriptor: int) -> int:
    """Drop what a writer that was killed, or a host that went down, left after the last whole record; the size left."""
    size = end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - BLOCK)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(descriptor, end)
    return end
