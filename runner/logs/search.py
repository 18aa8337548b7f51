"""Finding every occurrence of many byte strings, and what may become one at the end of a buffer.

Imported by the supervisor under `python -I -S`: C modules only.

An automaton looks for no more than the first bytes of each string, its key: that is a search of 6 GB/s for up to 64
keys and of 0.5 GB/s beyond, whose size does not depend on the length of the strings. Where a key stands, the strings
that begin with it are compared; they lie next to each other in the sorted list. Because occurrences are found by their
beginnings, the same pass tells where the longest tail begins that is a proper prefix of a string.
"""

from __future__ import annotations

from _bisect import bisect_right

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]

KEY = 8  # bytes: in 4 many a word of English begins a key, and a row of dashes those of PEM
SLICE = 1024  # bytes searched at a time where there are hits: there can be one at every byte, each an object
WIDER = 4  # times as many in the next slice, where there are none
WIDEST = 64 * 1024
AT_ONCE = 64  # keys up to which one automaton scans with vector instructions
AUTOMATA = 8  # of that kind; one plain automaton is faster than more of them


class Search:
    """Looks for `strings`, none of them empty."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        self._strings = sorted(set(strings))
        self._within = _longest_prefixes(self._strings)
        self._longest = max(map(len, self._strings), default=0)
        self._periods: dict[int, int] = {}
        self._groups = _groups(self._strings)
        self._starts = frozenset(s[:size] for s in self._strings for size in range(1, min(KEY, len(s))))
        keys = [self._strings[first][:KEY] for first, _, _ in self._groups]
        step = AT_ONCE if len(keys) <= AT_ONCE * AUTOMATA else len(keys)
        self._looks = [
            BytesAhoCorasick(keys[at : at + step], MatchKind.LeftmostFirst, Implementation.DFA)
            for at in range(0, len(keys), step)
        ]
        self._all_hits = BytesAhoCorasick(keys, MatchKind.Standard)

    def scan(self, buffer: bytes) -> tuple[list[Span], int]:
        """The runs of bytes that belong to occurrences, in order, apart from each other; and where the longest tail
        begins that is a proper prefix of a string (the length of `buffer` if none is).

        Everything before that tail is decided: an occurrence that is still to be completed begins at a tail like it.
        """
        spans: list[Span] = []
        size = opened = len(buffer)
        covered = at = 0
        width = SLICE
        while at < size:
            hits = self._hits(buffer, at, width)
            for start, group in hits:
                first, last, longest = self._groups[group]
                if start + longest <= covered:
                    continue
                stop = self._end_of_longest(buffer, start, self._groups[group])
                if stop > covered:
                    spans.append((spans.pop()[0] if spans and start <= covered else start, stop))
                    covered = stop
                if start + longest > size and opened == size and self._begins(buffer[start:], first, last):
                    opened = start
            at = max(at + width, covered - self._longest + 1)
            width = SLICE if hits else min(width * WIDER, WIDEST)
        return spans, opened if opened < size else self._short_tail(buffer)

    def begins(self, text: bytes) -> bool:
        """Whether `text` is a proper prefix of a string."""
        return self._begins(text, 0, len(self._strings))

    def _begins(self, text: bytes, first: int, last: int) -> bool:
        after = bisect_right(self._strings, text, first, last)
        return after < last and self._strings[after].startswith(text)

    def _hits(self, buffer: bytes, at: int, width: int) -> list[tuple[int, int]]:
        """Where keys begin in the `width` bytes at `at`, in order, and the groups of those keys."""
        part = buffer if at == 0 and len(buffer) <= width else memoryview(buffer)[at : at + width + KEY - 1]
        looks = [found[0][1] for look in self._looks if (found := look.find_matches_as_indexes(part))]
        if not looks:
            return []
        skipped = min(looks)
        found = self._all_hits.find_matches_as_indexes(part[skipped:], overlapping=True)
        at += skipped
        return sorted([(at + start, group) for group, start, _ in found if skipped + start < width])

    def _end_of_longest(self, buffer: bytes, start: int, group: tuple[int, int, int]) -> int:
        """The end of the longest string that stands at `start`, with what it goes on overlapping itself; 0: none."""
        first, last, longest = group
        string = bisect_right(self._strings, buffer[start : start + longest], first, last) - 1
        while string >= first:
            if buffer.startswith(self._strings[string], start):
                return self._end_of_run(buffer, start, string)
            string = self._within[string]
        return 0

    def _end_of_run(self, buffer: bytes, at: int, string: int) -> int:
        """The end of the last of the occurrences that follow each other by a period: by leaps, so that it is cheap."""
        size = len(self._strings[string])
        if (period := self._periods.get(string, 0)) == 0:
            period = self._periods[string] = _period(self._strings[string])
        stop = at + size
        leap = size if period < size else 0
        while leap:  # behind the end of the buffer the slices differ in length
            if buffer[stop : stop + leap] == buffer[stop - period : stop - period + leap]:
                stop += leap
                leap *= 2
            else:
                leap //= 2
        return at + (stop - at - size) // period * period + size

    def _short_tail(self, buffer: bytes) -> int:
        size = len(buffer)
        for start in range(max(0, size - KEY + 1), size):
            if buffer[start:] in self._starts:
                return start
        return size


def _groups(strings: list[bytes]) -> list[tuple[int, int, int]]:
    """For each key the strings that begin with it: the first, the one behind the last, the length of the longest."""
    groups: list[tuple[int, int, int]] = []
    for index, string in enumerate(strings):
        if groups and strings[groups[-1][0]][:KEY] == string[:KEY]:
            first, _, longest = groups[-1]
            groups[-1] = (first, index + 1, max(longest, len(string)))
        else:
            groups.append((index, index + 1, len(string)))
    return groups


def _longest_prefixes(strings: list[bytes]) -> list[int]:
    """For each of the sorted strings the longest other one that it begins with; -1: none."""
    within: list[int] = []
    for index, string in enumerate(strings):
        other = index - 1
        while other >= 0 and not string.startswith(strings[other]):
            other = within[other]
        within.append(other)
    return within


def _period(string: bytes) -> int:
    """The smallest distance at which `string` can overlap itself; its length if it cannot (Knuth, Morris, Pratt)."""
    borders = [0]
    border = 0
    for byte in string[1:]:
        while border and string[border] != byte:
            border = borders[border - 1]
        border += string[border] == byte
        borders.append(border)
    return len(string) - border
