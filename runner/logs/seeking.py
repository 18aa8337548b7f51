"""What of a log need not be read for a question, told by its index.

The index may be missing, damaged, or of another log: an entry counts only if its checksum is right and it agrees with
its neighbours, and the reader looks at both ends of what it leaves out.
"""

from __future__ import annotations

import json
import os
from binascii import crc32
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.logs.segments import index_path, segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime


class Entry(NamedTuple):
    """A run of records: bytes `at` to `to` of the text of the segment `first`, records `seq` to before `next_seq`.

    `next_id`: more than any id in it and before it. Times are microseconds since 1970, of the earliest and the latest
    record. `steps`: the TASKs that it has records of, each with the ids that were opened for it here; None: not known.
    `groups`: the records of groups in it.
    """

    first: int
    at: int
    to: int
    seq: int
    next_seq: int
    next_id: int
    earliest: int
    latest: int
    steps: dict[str, list[int]] | None
    groups: list[dict[str, Any]]


class Leap(NamedTuple):
    """A run of records to leave out; `wanted`: some would have met the question, but more than enough come later.

    What is to be known of it nevertheless: the `ids` that were opened for the step, and the `groups`."""

    at: int
    to: int
    seq: int
    next_seq: int
    wanted: bool
    ids: Sequence[int] = ()
    groups: Sequence[dict[str, Any]] = ()


class Question:
    """Which records of one log are asked for."""

    def __init__(
        self, log: Path, *, since: datetime | None = None, until: datetime | None = None, step: str | None = None
    ) -> None:
        self._step = step
        self._since = _microseconds(since) if since else None
        self._until = _microseconds(until) if until else None
        self._entries = read_index(log)
        self._wanted = [self._wants(entry) for entry in self._entries]

    def leaps(self, last: int | None = None) -> dict[int, list[Leap]]:
        """What to leave out, by segment; `last`: and of the runs that are wanted all but so many at the end."""
        found: dict[int, list[Leap]] = {}
        too_many = sum(self._wanted) - last if last is not None else 0
        for entry, wanted in zip(self._entries, self._wanted, strict=True):
            if wanted and too_many <= 0:
                continue
            too_many -= wanted
            ids: Sequence[int] = ()
            if self._step is not None:
                if entry.steps is None:
                    continue
                ids = entry.steps.get(self._step, ())
            leap = Leap(entry.at, entry.to, entry.seq, entry.next_seq, wanted, ids, entry.groups)
            _extend(found.setdefault(entry.first, []), leap)
        return found

    def _wants(self, entry: Entry) -> bool:
        return not (
            (self._since is not None and entry.latest < self._since)
            or (self._until is not None and entry.earliest > self._until)
            or (self._step is not None and entry.steps is not None and self._step not in entry.steps)
        )


def runs(entries: Iterable[Entry]) -> dict[int, list[Leap]]:
    """Leaps over everything that the index describes."""
    found: dict[int, list[Leap]] = {}
    for entry in entries:
        _extend(found.setdefault(entry.first, []), Leap(entry.at, entry.to, entry.seq, entry.next_seq, True))
    return found


def _extend(leaps: list[Leap], leap: Leap) -> None:
    """Leap over two runs at once where one follows on the other."""
    if leaps and leaps[-1].to == leap.at and leaps[-1].next_seq == leap.seq:
        before = leaps.pop()
        leap = Leap(
            before.at, leap.to, before.seq, leap.next_seq, before.wanted or leap.wanted,
            [*before.ids, *leap.ids], [*before.groups, *leap.groups],
        )  # fmt: skip
    leaps.append(leap)


def read_index(log: Path) -> list[Entry]:
    """The entries of a log's index that can be right, in order."""
    try:
        lines = Path(index_path(str(log))).read_bytes().split(b"\n")
    except OSError:
        return []
    found: dict[int, list[Entry]] = {}
    for entry in _parse(lines):
        found.setdefault(entry.first, []).append(entry)
    return [
        entry for segment in segments(str(log)) for entry in _consistent(found.get(segment.first, []), segment.path)
    ]


def _parse(lines: Sequence[bytes]) -> Iterator[Entry]:
    whole = [text for text in lines if text[:8] == b"%08x" % crc32(text[9:])]
    for values in json.loads(b"[%b]" % b",".join([line[9:] for line in whole])):
        yield Entry(*values)


def _consistent(entries: list[Entry], path: str) -> list[Entry]:
    """The entries of one segment; none at all if two contradict each other, or one a file that is too short."""
    if any(before.to > after.at or before.next_seq > after.seq for before, after in pairwise(entries)):
        return []
    if entries and path.endswith(".jsonl") and os.path.exists(path) and os.path.getsize(path) < entries[-1].to:
        return []
    return entries


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
