"""No secret is shown, for any secrets, any text and any cut; what is no secret is not touched."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.logs.redaction import Redactor

ALPHABET = st.sampled_from(b"ab-*\n")
SECRETS = st.lists(st.lists(ALPHABET, max_size=8).map(bytes), max_size=5)
TEXT = st.lists(ALPHABET, max_size=80).map(bytes)
CUTS = st.lists(st.integers(0, 80), max_size=12)


def masked_at_once(text: bytes, secrets: list[bytes], shown_to: int | None = None) -> bytes:
    """The rule, as plainly as it can be said: cover every occurrence, show each covered run as one mask."""
    covered = [False] * len(text)
    for secret in (secret.strip(b"\r\n") for secret in secrets):
        for at in range(len(text)):
            if len(secret) >= 3 and text.startswith(secret, at):
                covered[at : at + len(secret)] = [True] * len(secret)
    shown = b""
    for at, byte in enumerate(text[:shown_to]):
        if not covered[at]:
            shown += bytes([byte])
        elif at == 0 or not covered[at - 1]:
            shown += b"****"
    return shown


def pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[start:stop] for start, stop in pairwise(places)]


@given(SECRETS, TEXT, CUTS)
@example([b"abab", b"bab-"], b"ababab-", [3, 4])
@example([b"aaa"], b"a" * 20, [5, 6, 7])
@example([b"ab-ab-ab*", b"b-a"], b"ab-ab-ab-", [4])
def test_a_stream_is_redacted_as_if_it_came_in_one_piece(secrets: list[bytes], text: bytes, cuts: list[int]) -> None:
    redactor = Redactor(secrets)
    shown = b"".join([redactor.feed(piece) for piece in pieces(text, cuts)]) + redactor.flush()
    assert shown == masked_at_once(text, secrets)


@given(SECRETS, TEXT, CUTS)
def test_no_secret_without_a_star_stands_in_the_output(secrets: list[bytes], text: bytes, cuts: list[int]) -> None:
    redactor = Redactor(secrets)
    shown = b"".join([redactor.feed(piece) for piece in pieces(text, cuts)]) + redactor.flush()
    for secret in (secret.strip(b"\r\n") for secret in secrets):
        assert len(secret) < 3 or b"*" in secret or secret not in shown


@given(SECRETS, TEXT)
def test_no_more_is_held_back_than_can_still_become_a_secret(secrets: list[bytes], text: bytes) -> None:
    prefixes = {
        form[:size] for form in (s.strip(b"\r\n") for s in secrets) if len(form) >= 3 for size in range(len(form))
    }
    longest = max(len(prefix) for prefix in prefixes | {b""} if text.endswith(prefix))
    assert Redactor(secrets).feed(text) == masked_at_once(text, secrets, len(text) - longest)


@given(SECRETS, SECRETS, TEXT, TEXT)
def test_a_secret_that_is_added_later_is_hidden_in_all_that_comes(
    first: list[bytes], later: list[bytes], before: bytes, after: bytes
) -> None:
    redactor = Redactor(first)
    redactor.feed(before)
    redactor.flush()
    redactor.add(later)
    assert redactor.feed(after) + redactor.flush() == masked_at_once(after, first + later)


def test_a_secret_that_is_added_later_is_hidden_in_what_is_still_held() -> None:
    redactor = Redactor([b"key=top-secret"])
    assert redactor.feed(b"the key=top") == b"the "
    redactor.add([b"=top"])
    assert redactor.feed(b"!") == b"key****!"


@pytest.mark.parametrize("cut", range(12))
def test_a_secret_that_is_split_over_two_reads_is_hidden(cut: int) -> None:
    text = b"a hunter22 b"
    redactor = Redactor([b"hunter22"])
    assert redactor.feed(text[:cut]) + redactor.feed(text[cut:]) == b"a **** b"


def test_a_key_of_several_lines_is_hidden_as_a_whole_behind_its_dashes() -> None:
    key = b"-----BEGIN KEY-----\nMIIE\nabcd\n-----END KEY-----\n"
    redactor = Redactor([key])
    shown = b"".join([redactor.feed(bytes([byte])) for byte in b"--" + key + b"--\n"]) + redactor.flush()
    assert shown == b"--****\n--\n"


def test_a_secret_read_from_a_file_is_hidden_without_the_line_end_of_the_file() -> None:
    assert Redactor([b"hunter22\n"]).redact("echo hunter22.") == "echo ****."


def test_secrets_under_three_bytes_are_not_hidden() -> None:
    assert Redactor([b"", b"a", b"ab", b"\nab\n"]).redact("abab") == "abab"


def test_a_label_is_redacted_beside_the_stream() -> None:
    redactor = Redactor([b"hunter22", "pässword".encode()])
    assert redactor.feed(b"hunt") == b""
    assert redactor.redact("echo hunter22 pässword \udcff \ud800") == "echo **** **** ? ?"
    assert redactor.feed(b"er22") + redactor.flush() == b"****"


def test_a_run_of_overlapping_secrets_shows_one_mask_at_once_and_takes_no_memory() -> None:
    redactor = Redactor([b"aaa", b"aaaaaaaa"])
    block = b"a" * 10_000
    assert redactor.feed(block) == b"****"
    tracemalloc.start()
    try:
        assert all(redactor.feed(block) == b"" for _ in range(20))
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()
    assert redactor.feed(b" end") == b" end"


def test_a_block_without_a_secret_is_passed_on_uncopied() -> None:
    block = b"nothing to hide here\n" * 100
    assert Redactor([b"hunter22"]).feed(block) is block
