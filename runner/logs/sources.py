"""The text of one segment, from any place on: of a plain file, or of a compressed one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from runner.logs.packing import text_size
from runner.logs.records import DamagedLogError

if TYPE_CHECKING:
    from typing import BinaryIO

    import zstandard

    from runner.logs.segments import Segment


class Source(Protocol):
    @property
    def size(self) -> int | None:
        """Of the text in bytes; None where it may grow."""

    def read(self, at: int, size: int) -> bytes:
        """The text from byte `at` on: `size` bytes, or fewer at its end."""

    def is_whole(self, read: int) -> bool:
        """Whether the segment still has the `read` bytes that were read of it."""

    def close(self) -> None: ...


def open_source(segment: Segment) -> Source:
    """Raises FileNotFoundError: the segment is not there (any more, or under this name)."""
    return PackedSource(segment) if segment.packed else PlainSource(segment)


class PlainSource:
    size: int | None = None

    def __init__(self, segment: Segment) -> None:
        self._file = open(segment.path, "rb", buffering=0)  # noqa: SIM115  (closed with the source)

    def read(self, at: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, at)

    def is_whole(self, read: int) -> bool:
        """An unlinked segment is: it was compressed, or dropped while we have it."""
        return os.fstat(self._file.fileno()).st_size >= read

    def close(self) -> None:
        self._file.close()


class PackedSource:
    """Places are reached by decompressing what is before them: 16 MB take some ten milliseconds."""

    def __init__(self, segment: Segment) -> None:
        self._path = segment.path
        self._file: BinaryIO = open(segment.path, "rb", buffering=0)  # noqa: SIM115  (closed with the source)
        self.size = text_size(segment)
        self._reader: zstandard.ZstdDecompressionReader | None = None
        self._held = b""  # the text before `_end`, as far as it may be asked for again
        self._end = 0

    def read(self, at: int, size: int) -> bytes:
        if self.size is not None and at >= self.size:
            return b""
        reader = self._reader
        if reader is None or at < self._end - len(self._held):
            reader = self._begin()
        import zstandard

        try:
            if at > self._end:
                reader.seek(at)
                self._held, self._end = b"", at
            self._held = self._held[len(self._held) - (self._end - at) :]
            more = reader.read(max(0, size - len(self._held)))
        except zstandard.ZstdError as error:
            raise DamagedLogError(f"{self._path}: this segment cannot be decompressed: {error}") from error
        self._held += more
        self._end += len(more)
        return self._held[:size]

    def is_whole(self, read: int) -> bool:
        return True

    def close(self) -> None:
        self._file.close()

    def _begin(self) -> zstandard.ZstdDecompressionReader:
        import zstandard

        self._file.seek(0)
        self._reader = zstandard.ZstdDecompressor().stream_reader(self._file, closefd=False)
        self._held, self._end = b"", 0
        return self._reader
