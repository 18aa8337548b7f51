"""The rule of redaction as plainly as it can be said, slow and without a state to get wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from runner.logs.forms import forms


@lru_cache(1000)
def forms_of_one(secret: bytes) -> frozenset[bytes]:
    return forms(secret)


def forms_of(secrets: Iterable[bytes]) -> set[bytes]:
    return {form for secret in secrets for form in forms_of_one(secret)}


def masked_at_once(text: bytes, secrets: Iterable[bytes], shown_to: int | None = None) -> bytes:
    """Cover every occurrence of every form, show each covered run as one mask."""
    return masked(text, coverage(text, forms_of(secrets)), shown_to)


def coverage(text: bytes, wanted: Iterable[bytes], since: int = 0) -> bytearray:
    """1 for each byte that belongs to an occurrence that begins at `since` or later."""
    covered = bytearray(len(text))
    for form in wanted:
        at = text.find(form, since)
        while at >= 0:
            covered[at : at + len(form)] = b"\1" * len(form)
            at = text.find(form, at + 1)
    return covered


def masked(text: bytes, covered: Sequence[int], shown_to: int | None = None) -> bytes:
    shown = bytearray()
    for at, byte in enumerate(text[:shown_to]):
        if not covered[at]:
            shown.append(byte)
        elif at == 0 or not covered[at - 1]:
            shown += b"****"
    return bytes(shown)


def open_tail(text: bytes, wanted: Iterable[bytes]) -> int:
    """Where the longest tail begins that is a proper prefix of a form."""
    longest = 0
    for form in wanted:
        size = min(len(form) - 1, len(text))
        while size > longest and not text.endswith(form[:size]):
            size -= 1
        longest = max(longest, size)
    return len(text) - longest


def pieces(text: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[start:stop] for start, stop in pairwise(places)]
