"""The files of one log: where they are, and in which order.

`log.jsonl` is the head. What does not fit into it goes on in `log.parts/`, in segments that bear the number of their
first record: `000000000123456.jsonl`, or `….jsonl.zst` once it is compressed. Where the oldest segments were dropped
the numbers leave a hole, which is all that is needed to know what is missing, whoever was killed at whatever moment.

Imported by the supervisor under `python -I -S`: builtin modules only.
"""

from __future__ import annotations

import os

PLAIN, PACKED, UNFINISHED = ".jsonl", ".jsonl.zst", ".tmp"


class Limits:
    """In bytes: how large a segment becomes, and how much all files of a log may take on the disk."""

    __slots__ = ("quota", "segment")

    def __init__(self, *, segment: int = 16 * 1024 * 1024, quota: int = 256 * 1024 * 1024) -> None:
        self.segment = segment
        self.quota = quota


class Segment:
    """A file that holds the records from number `first` on."""

    __slots__ = ("first", "packed", "path")

    def __init__(self, first: int, path: str, packed: bool) -> None:
        self.first = first
        self.path = path
        self.packed = packed


def parts_directory(log: str) -> str:
    """Where the segments after the head of `log` are."""
    return log.removesuffix(PLAIN) + ".parts"


def index_path(log: str) -> str:
    return log.removesuffix(PLAIN) + ".index"


def names(log: str) -> frozenset[str]:
    """The names of all that belongs to a log, in its directory."""
    return frozenset(os.path.basename(path) for path in (log, parts_directory(log), index_path(log)))


def part(log: str, first: int) -> Segment:
    """The plain segment of a log that begins with record `first`, be it there or not."""
    return Segment(first, f"{parts_directory(log)}/{first:015}{PLAIN}", False)


def part_names(log: str) -> list[str]:
    """The names of the files after the head, in no order."""
    try:
        return os.listdir(parts_directory(log))
    except (FileNotFoundError, NotADirectoryError):
        return []


def size_on_disk(log: str) -> int:
    """Of all that belongs to a log, in bytes; what goes away meanwhile counts nothing."""
    total = 0
    for path in (log, index_path(log), *(f"{parts_directory(log)}/{name}" for name in part_names(log))):
        try:
            total += os.stat(path).st_size
        except FileNotFoundError:
            continue
    return total


def segments(log: str) -> list[Segment]:
    """The head, which may be missing, and every other segment in order. What is there twice is compressed already.

    A segment that is just being compressed can be missed: look again before you believe in a hole.
    """
    found: dict[int, Segment] = {}
    for name in part_names(log):
        number, _, _ = name.partition(".")
        if not (number.isascii() and number.isdigit() and name.endswith((PLAIN, PACKED))):
            continue
        packed = name.endswith(PACKED)
        if packed or int(number) not in found:
            found[int(number)] = Segment(int(number), f"{parts_directory(log)}/{name}", packed)
    return [Segment(1, log, False), *(found[first] for first in sorted(found))]
