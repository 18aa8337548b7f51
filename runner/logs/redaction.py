"""Redaction of secrets in a stream of bytes: no secret is shown, whatever the reads were cut into.

Imported by the supervisor under `python -I -S`: nothing is imported here but what has the same rule, and what searching
needs (5 ms) only where there is something to hide.

The rule: every byte that belongs to an occurrence of a form of a secret (runner/logs/forms.py) is covered, where
occurrences may overlap themselves and each other; each maximal run of covered bytes is shown as one mask. A form
without `*` therefore cannot stand in the output: it would lie between two masks, hence already in the input, hence be
covered. Of a form with `*` no byte is shown either, but the mask together with its neighbours can happen to read like
one (`x****y`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.logs.search import Search, Span


class Redactor:
    """Hides secrets in one stream; holds back no more than the longest tail that can still become one of them."""

    MASK = b"****"

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        self._secrets: set[bytes] = set()
        self._forms: set[bytes] = set()
        self._search: Search | None = None  # None: nothing to look for
        self._held = b""
        self._covered: list[Span] = []  # the parts of `_held` that belong to secrets already seen whole
        self._masking = False  # the last byte given out was covered, its mask is already shown
        self.add(secrets)

    def add(self, secrets: Iterable[bytes]) -> int:
        """Hide these too, from the first byte on that was not given out yet.

        Returns how many of them are new and too short to be hidden (runner/logs/forms.py says why): warn if any.
        """
        fresh = {secret for secret in secrets if secret not in self._secrets}
        if not fresh:
            return 0
        from runner.logs.forms import forms, too_short
        from runner.logs.search import Search

        self._secrets |= fresh
        found = frozenset[bytes]().union(*map(forms, fresh))
        if not found <= self._forms:
            self._forms |= found
            self._search = Search(self._forms)
        return sum(map(too_short, fresh))

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return those that are decided, redacted."""
        if self._search is None:
            return data
        buffer = data
        if self._held:
            buffer = self._held + data
            if self._search.begins(buffer):  # many small reads of a long secret
                self._held = buffer
                return b""
        spans, end = self._search.scan(buffer)
        return self._release(buffer, spans, end)

    def flush(self) -> bytes:
        """End the stream: return what is held, redacted. The next `feed` begins a new stream."""
        rest = b""
        if self._search is not None:
            rest = self._release(self._held, self._search.scan(self._held)[0], len(self._held))
        self._masking = False
        return rest

    def redact(self, text: str) -> str:
        """Redact a text by itself, beside the stream. What is no UTF-8 (lone surrogates) becomes `?` or U+FFFD."""
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            data = text.encode("utf-8", "replace")
        if self._search is not None:
            data = _mask(data, self._search.scan(data)[0], len(data), False)
        return data.decode("utf-8", "replace")

    def _release(self, buffer: bytes, spans: list[Span], end: int) -> bytes:
        if self._covered:
            spans = _merge(spans + self._covered)
        shown = _mask(buffer, spans, end, self._masking)
        self._held = buffer[end:]
        self._covered = [(max(start, end) - end, stop - end) for start, stop in spans if stop > end]
        if end:
            self._masking = any(start < end <= stop for start, stop in spans)
        return shown


def _merge(spans: list[Span]) -> list[Span]:
    """Put spans in order and join those that overlap or touch."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _mask(buffer: bytes, spans: list[Span], end: int, masking: bool) -> bytes:
    """The first `end` bytes with a mask for each span; `masking`: a span at 0 goes on from bytes shown before."""
    if not spans:
        return buffer[:end]
    shown: list[bytes] = []
    at = 0
    for start, stop in spans:
        if start >= end:
            break
        shown.append(buffer[at:start])
        if start or not masking:
            shown.append(Redactor.MASK)
        at = min(stop, end)
    shown.append(buffer[at:end])
    return b"".join(shown)
