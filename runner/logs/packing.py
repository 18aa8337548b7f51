"""Compressing the middle of a long log, and keeping all of it within its quota.

Imported by the supervisor under `python -I -S`: builtin modules only, zstandard when the first segment is compressed.
"""

from __future__ import annotations

import _thread
import os

from runner.logs.segments import PACKED, PLAIN, UNFINISHED, Segment, part_names, parts_directory, segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOCK = 256 * 1024  # bytes compressed at a time
FRAME_HEADER = 18  # bytes at most
LEVEL = 1  # of zstd: 3 takes nearly twice the time of the cores that the job runs on, for hardly less room
MOST_WAITING = 3  # segments that may wait to be compressed before the job's output waits for them
PATIENCE_S = 1.0  # how long it waits at most: a build must hear when it is cancelled
LIVE = 2  # segments at the end that are never dropped; nor is the head


class Packer:
    """Does its work on a thread that lives while there is some: zstd and files let the main thread go on meanwhile.

    That something cannot be compressed, for lack of room or of zstandard, costs only the room: it stays as it is.
    `dropped_records` and `dropped_bytes` (of text) count what the quota has cost.
    """

    def __init__(self, log: str, quota: int) -> None:
        self.dropped_records = 0
        self.dropped_bytes = 0
        self._log = log
        self._quota = quota
        self._waiting: list[Segment] = []
        self._lock = _thread.allocate_lock()  # over `_waiting` and `_running`
        self._running = False
        self._idle = _thread.allocate_lock()  # held by the thread

    def add(self, segment: Segment) -> None:
        """Compress a segment to which nothing is written any more, soon."""
        with self._lock:
            self._waiting.append(segment)
            start = not self._running
            self._running = True
        if start:
            self._start()
        elif len(self._waiting) > MOST_WAITING and self._idle.acquire(timeout=PATIENCE_S):
            self._idle.release()

    def close(self) -> None:
        """Wait until nothing is left to be done."""
        with self._idle:
            return

    def _start(self) -> None:
        self._idle.acquire()
        try:
            _thread.start_new_thread(self._work, ())
        except RuntimeError:  # the user may have no more threads: the next segment tries again
            self._running = False
            self._idle.release()

    def _work(self) -> None:
        try:
            self._tidy()
            while segment := self._next():
                self._pack(segment)
                self._keep_quota()
        finally:
            self._idle.release()

    def _next(self) -> Segment | None:
        with self._lock:
            self._running = bool(self._waiting)
            return self._waiting.pop(0) if self._waiting else None

    def _tidy(self) -> None:
        """Remove what a writer left that was killed while it compressed."""
        names = part_names(self._log)
        for name in names:
            if name.endswith(UNFINISHED) or (name.endswith(PLAIN) and name.removesuffix(PLAIN) + PACKED in names):
                _remove(f"{parts_directory(self._log)}/{name}")

    def _pack(self, segment: Segment) -> None:
        """Compress a segment under another name, which becomes its own once the disk has all of it."""
        packed = segment.path.removesuffix(PLAIN) + PACKED
        try:
            import zstandard
        except ImportError:
            return
        try:
            _compress(segment.path, packed + UNFINISHED, zstandard)
            os.rename(packed + UNFINISHED, packed)
        except (OSError, MemoryError, zstandard.ZstdError):
            _remove(packed + UNFINISHED)
        else:
            _remove(segment.path)

    def _keep_quota(self) -> None:
        """Drop the oldest segments of the middle until the rest is within the quota."""
        found = segments(self._log)
        sizes = [_size(segment.path) for segment in found]
        over = sum(sizes) - self._quota
        for segment, following, size in zip(found[1:-LIVE], found[2:], sizes[1:-LIVE], strict=False):
            if over <= 0:
                return
            self.dropped_records += following.first - segment.first
            self.dropped_bytes += text_size(segment) or 0
            _remove(segment.path)
            over -= size


def text_size(segment: Segment) -> int | None:
    """The bytes of a segment's text, compressed or not. None: it cannot be told."""
    if not segment.packed:
        return _size(segment.path)
    import zstandard

    try:
        with open(segment.path, "rb", buffering=0) as file:
            size = zstandard.frame_content_size(file.read(FRAME_HEADER))
    except (OSError, zstandard.ZstdError):
        return None
    return size if size >= 0 else None


def _compress(source: str, target: str, zstandard: Any) -> None:
    with open(source, "rb", buffering=0) as reading, open(target, "wb", buffering=0, opener=_private) as writing:
        size = os.fstat(reading.fileno()).st_size
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj(size=size)
        while size > 0 and (block := reading.read(min(size, BLOCK))):
            _write(writing.fileno(), compressor.compress(block))
            size -= len(block)
        _write(writing.fileno(), compressor.flush())
        os.fsync(writing.fileno())


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _remove(path: str) -> None:
    """What cannot be removed takes room, which is no reason to stop."""
    try:
        os.unlink(path)
    except OSError:
        return
