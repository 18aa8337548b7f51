"""Redaction of secrets in a stream of bytes: no secret is shown, whatever the reads were cut into.

Imported by the supervisor under `python -I -S`: builtins only, nothing is imported here.

The rule: every byte that belongs to an occurrence of a secret is covered, where occurrences may overlap themselves and
each other; each maximal run of covered bytes is shown as one mask. A secret without `*` therefore cannot stand in the
output: it would lie between two masks, hence already in the input, hence be covered. Of a secret with `*` no byte is
shown either, but the mask together with its neighbours can happen to read like one (`x****y`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]

SHORTEST = 3  # bytes: masking shorter secrets would make every log unreadable and still hide nothing


class Redactor:
    """Hides secrets in one stream; holds back no more than the longest tail that can still become a secret."""

    MASK = b"****"

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        self._periods: dict[bytes, int] = {}  # what is looked for, and how far apart two overlapping hits can be
        self._held = b""
        self._covered: list[Span] = []  # the parts of `_held` that belong to secrets already seen whole
        self._masking = False  # the last byte given out was covered, its mask is already shown
        self.add(secrets)

    def add(self, secrets: Iterable[bytes]) -> None:
        """Hide these too, from the first byte on that was not given out yet. Those under 3 bytes are ignored."""
        for secret in secrets:
            for form in _forms(secret):
                if len(form) >= SHORTEST:
                    self._periods[form] = _period(form)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return those that are decided, redacted."""
        buffer = self._held + data if self._held else data
        return self._release(buffer, self._first_open(buffer))

    def flush(self) -> bytes:
        """End the stream: return what is held, redacted. The next `feed` begins a new stream."""
        rest = self._release(self._held, len(self._held))
        self._masking = False
        return rest

    def redact(self, text: str) -> str:
        """Redact a text by itself, beside the stream. What is no UTF-8 (lone surrogates) becomes `?` or U+FFFD."""
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            data = text.encode("utf-8", "replace")
        return _mask(data, self._find(data), len(data), False).decode("utf-8", "replace")

    def _release(self, buffer: bytes, end: int) -> bytes:
        spans = self._find(buffer)
        if self._covered:
            spans = _merge(spans + self._covered)
        shown = _mask(buffer, spans, end, self._masking)
        self._held = buffer[end:]
        self._covered = [(max(start, end) - end, stop - end) for start, stop in spans if stop > end]
        if end:
            self._masking = any(start < end <= stop for start, stop in spans)
        return shown

    def _find(self, buffer: bytes) -> list[Span]:
        """The runs of bytes that belong to secrets: in order, apart from each other."""
        spans: list[Span] = []
        for secret, period in self._periods.items():
            at = buffer.find(secret)
            while at >= 0:
                last = _last_of_run(buffer, at, len(secret), period) if period < len(secret) else at
                stop = last + len(secret)
                if spans and spans[-1][0] <= at <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
                else:
                    spans.append((at, stop))
                at = buffer.find(secret, last + period)
        return _merge(spans) if len(spans) > 1 else spans

    def _first_open(self, buffer: bytes) -> int:
        """Where the longest tail begins that is a proper prefix of a secret; the length of `buffer` if none is.

        Everything before it is decided: a secret that is still to be completed begins at a tail of that kind.
        """
        first = len(buffer)
        for secret in self._periods:
            at = buffer.find(secret[:1], max(0, len(buffer) - len(secret) + 1), first)
            while at >= 0 and not secret.startswith(buffer[at:]):
                at = buffer.find(secret[:1], at + 1, first)
            if at >= 0:
                first = at
        return first


def _forms(secret: bytes) -> tuple[bytes, ...]:
    """The byte strings that give a secret away. Line ends around a value are no part of it: `$(…)` drops them.

    Further forms of the same value (its single lines, its encodings) belong here.
    """
    return (secret.strip(b"\r\n"),)


def _period(secret: bytes) -> int:
    """The smallest distance at which `secret` can overlap itself; its length if it cannot (Knuth, Morris, Pratt)."""
    borders = [0]
    border = 0
    for byte in secret[1:]:
        while border and secret[border] != byte:
            border = borders[border - 1]
        border += secret[border] == byte
        borders.append(border)
    return len(secret) - border


def _last_of_run(buffer: bytes, at: int, size: int, period: int) -> int:
    """Of a secret that goes on overlapping itself from `at` on: a later hit, by leaps, so that long runs are cheap."""
    stop = at + size
    leap = size
    while stop + leap <= len(buffer) and buffer[stop : stop + leap] == buffer[stop - period : stop - period + leap]:
        stop += leap
        leap *= 2
    return at + (stop - at - size) // period * period


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
