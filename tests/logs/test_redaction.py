"""No secret is shown, for any secrets, any text and any cut; what is no secret is not touched."""

import base64
import gc
import tracemalloc
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.logs.redaction import Redactor
from tests.chaos.redaction import leaks
from tests.chaos.rule import forms_of, masked_at_once, open_tail, pieces

ALPHABET = st.sampled_from(b"ab-*\n'")
SECRETS = st.lists(st.lists(ALPHABET, max_size=8).map(bytes), max_size=5)
TEXT = st.lists(ALPHABET, max_size=80).map(bytes)
LONG_KEY = (
    b"-----BEGIN PRIVATE KEY-----\n"
    + b"".join(base64.b64encode(Random(line).randbytes(48)) + b"\n" for line in range(26))
    + b"-----END PRIVATE KEY-----\n"
)
CUTS = st.lists(st.integers(0, 80), max_size=12)


@given(SECRETS, TEXT, CUTS)
@example([b"abab", b"bab-"], b"ababab-", [3, 4])
@example([b"aaaa"], b"a" * 20, [5, 6, 7])
@example([b"ab-ab-ab-ab-b", b"b-ab"], b"ab-ab-ab-ab-ab-b", [9, 10])
@example([b"ab-ab-ab*", b"b-a"], b"ab-ab-ab-", [4])
def test_a_stream_is_redacted_as_if_it_came_in_one_piece(secrets: list[bytes], text: bytes, cuts: list[int]) -> None:
    redactor = Redactor(secrets)
    shown = b"".join([redactor.feed(piece) for piece in pieces(text, cuts)]) + redactor.flush()
    assert shown == masked_at_once(text, secrets)


@given(SECRETS, TEXT, CUTS)
def test_no_secret_without_a_star_stands_in_the_output(secrets: list[bytes], text: bytes, cuts: list[int]) -> None:
    redactor = Redactor(secrets)
    shown = b"".join([redactor.feed(piece) for piece in pieces(text, cuts)]) + redactor.flush()
    assert not [form for form in forms_of(secrets) if b"*" not in form and form in shown]


@given(SECRETS, TEXT)
def test_no_more_is_held_back_than_can_still_become_a_secret(secrets: list[bytes], text: bytes) -> None:
    first_held = open_tail(text, forms_of(secrets))
    assert Redactor(secrets).feed(text) == masked_at_once(text, secrets, first_held)


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


def test_a_long_key_behind_dashes_is_hidden_wherever_the_reads_are_cut() -> None:
    text = b"-" * 7 + LONG_KEY + b"-" * 7
    redactor = Redactor([LONG_KEY])
    for cut in range(len(text)):
        shown = redactor.feed(text[:cut]) + redactor.feed(text[cut:]) + redactor.flush()
        assert shown == b"-------****\n-------", cut


@pytest.mark.parametrize("size", [1, 100, 4096])
def test_reads_of_any_size_show_a_key_and_its_base64_as_two_masks(size: int) -> None:
    text = b"key: " + LONG_KEY + b"again: " + base64.b64encode(LONG_KEY.strip()) + b"\n"
    redactor = Redactor([LONG_KEY])
    parts = [redactor.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert b"".join(parts) + redactor.flush() == b"key: ****\nagain: ****\n"


def test_secrets_that_begin_alike_are_each_hidden_as_a_whole() -> None:
    redactor = Redactor([b"token-one-", b"token-one-two", b"token-one-two-three", b"token-other"])
    text = "token-one-1 token-one-two2 token-one-two-three token-one-two-thr token-other token-oth"
    assert redactor.redact(text) == "****1 ****2 **** ****-thr **** token-oth"


def test_hundreds_of_secrets_are_hidden() -> None:
    random = Random(1)
    secrets = [random.randbytes(12).hex().encode() for _ in range(700)]
    assert Redactor(secrets).feed(b"\n".join(secrets) + b"\n") == b"****\n" * 700


def test_an_adversary_finds_no_leak() -> None:
    assert leaks(seed=20, count=1000) == []


def test_a_secret_read_from_a_file_is_hidden_without_the_line_end_of_the_file() -> None:
    assert Redactor([b"hunter22\n"]).redact("echo hunter22.") == "echo ****."


def test_secrets_under_four_bytes_are_not_hidden() -> None:
    assert Redactor([b"", b"a", b"ab", b"abc", b"\nabc\n"]).redact("abcabc") == "abcabc"


def test_who_adds_secrets_is_told_how_many_new_ones_are_too_short_to_be_hidden() -> None:
    redactor = Redactor()
    assert redactor.add([b"abc", b"\nx\n", b"long enough", b"", b"\n"]) == 2
    assert redactor.add([b"abc", b"long enough"]) == 0
    assert redactor.add([b"xyz"]) == 1


def test_a_label_is_redacted_beside_the_stream() -> None:
    redactor = Redactor([b"hunter22", "pässword".encode()])
    assert redactor.feed(b"hunt") == b""
    assert redactor.redact("echo hunter22 pässword \udcff \ud800") == "echo **** **** ? ?"
    assert redactor.feed(b"er22") + redactor.flush() == b"****"


def test_a_run_of_overlapping_secrets_shows_one_mask_at_once_and_takes_no_memory() -> None:
    redactor = Redactor([b"aaaa", b"aaaaaaaa"])
    block = b"a" * 10_000
    assert redactor.feed(block) == b"****"
    tracemalloc.start()
    try:
        assert all(redactor.feed(block) == b"" for _ in range(5))
        gc.collect()  # lets go of the tuples that the interpreter keeps for later
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()
    assert redactor.feed(b" end") == b" end"


def test_a_block_without_a_secret_is_passed_on_uncopied() -> None:
    block = b"nothing to hide here\n" * 100
    assert Redactor([b"hunter22"]).feed(block) is block
