"""Every occurrence is found and every open tail known, in buffers of many slices as in small ones."""

from collections.abc import Sequence
from itertools import groupby
from random import Random

import pytest

from runner.logs.search import AT_ONCE, AUTOMATA, KEY, SLICE, Search, Span
from tests.chaos.rule import coverage, open_tail

SELF_OVERLAPPING: list[list[bytes]] = [
    [b"aaaa"],
    [b"aaaa", b"a" * 500],
    [b"a" * 9 + b"b"],
    [b"a" * 300 + b"b", b"a" * 20],
    [b"abab", b"b" + b"ab" * 7, b"ab" * 100 + b"c"],
    [b"abcabcabcabcab", b"bcabcx"],
]


def spans_of(text: bytes, strings: Sequence[bytes]) -> list[Span]:
    """The runs of covered bytes, by the plain rule."""
    at, spans = 0, []
    for covered, run in groupby(coverage(text, strings)):
        size = len(list(run))
        if covered:
            spans.append((at, at + size))
        at += size
    return spans


@pytest.mark.parametrize(
    "strings",
    [[b"0123456789"], [b"0123"], [b"0123", b"0123456789abcdef", b"89abcdefghijkl"], [b"2345", b"0123456789"]],
)
def test_what_stands_at_the_border_of_two_slices_is_found(strings: list[bytes]) -> None:
    search = Search(strings)
    for start in range(SLICE - 20, SLICE + 4):
        text = b"." * start + b"0123456789abcdefghijkl" + b"." * SLICE + b"0123456789"
        assert search.scan(text) == (spans_of(text, strings), open_tail(text, strings))


@pytest.mark.parametrize("strings", SELF_OVERLAPPING)
@pytest.mark.parametrize("before", [0, SLICE - 3, SLICE - KEY])
@pytest.mark.parametrize("after", [b"", b"b", b"c" * SLICE])
def test_long_runs_of_what_overlaps_itself_are_found_to_their_end(
    strings: list[bytes], before: int, after: bytes
) -> None:
    period = b"abc" if b"c" in strings[0] else b"ab" if b"ab" in strings[0] else b"a"
    text = b"." * before + period * (SLICE // len(period) + 700) + after + period * 3
    assert Search(strings).scan(text) == (spans_of(text, strings), open_tail(text, strings))


def test_a_string_that_is_longer_than_a_slice_is_found() -> None:
    string = b"ab" * SLICE + b"c"
    text = b"ab" * 10 + string + string[:-1]
    assert Search([string]).scan(text) == ([(20, 20 + len(string))], 20 + len(string))


def test_megabytes_of_what_overlaps_itself_are_one_run() -> None:
    text = b"a" * 4_000_000
    assert Search([b"aaaa"]).scan(text) == ([(0, len(text))], len(text) - 3)


@pytest.mark.parametrize("count", [AT_ONCE, AT_ONCE + 1, AT_ONCE * AUTOMATA, AT_ONCE * AUTOMATA + 1])
def test_any_number_of_strings_is_found(count: int) -> None:
    random = Random(count)
    strings = [random.randbytes(random.randint(4, 30)) for _ in range(count)]
    text = b"".join(b"." * random.randint(1, 200) + string for string in strings) + b"." + strings[-1][:-1]
    assert Search(strings).scan(text) == (spans_of(text, strings), open_tail(text, strings))


def test_a_text_begins_a_string_only_if_more_of_it_is_to_come() -> None:
    search = Search([b"token-one", b"token-one-two", b"abcd"])
    assert [search.begins(text) for text in (b"t", b"token-one", b"token-one-t", b"token-one-two", b"abcd", b"b")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_where_nothing_is_looked_for_nothing_is_found() -> None:
    assert Search([]).scan(b"anything") == ([], 8)
    assert not Search([]).begins(b"a")
