"""Lines of output as the bytes of their records: a few passes over a whole block instead of work for each line.

Imported by the supervisor under `python -I -S`: builtins only, nothing is imported here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LINE_LIMIT = 64 * 1024  # bytes: longer lines of output are cut

_SHORT = {b"\t": b"\\t", b"\r": b"\\r", b"\b": b"\\b", b"\f": b"\\f"}
_ESCAPES = [(b"\\", b"\\\\"), (b'"', b'\\"')]  # the backslash first, since the others bring more of them
_ESCAPES += [(char, _SHORT.get(char, b"\\u%04x" % char[0])) for char in map(bytes, zip(range(32))) if char != b"\n"]
_DIGITS = [b"%03d" % number for number in range(1000)]


def escape(data: bytes) -> bytes:
    """Bytes as the inside of JSON strings, their line ends left as they are; what is no UTF-8 becomes U+FFFD.

    To look whether a character is there at all costs next to nothing, and in most blocks hardly one is.
    """
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    for char, escaped in _ESCAPES:
        if char in data:
            data = data.replace(char, escaped)
    return data


def number(first: int, head: bytes, texts: Sequence[bytes]) -> list[bytes]:
    """The records of lines, in pieces to be joined: `{"seq":`, the number, `head`, the text, `"}`.

    The numbers of a thousand lines differ in three digits only, so that none has to be made.
    """
    pieces: list[bytes] = []
    at = 0
    while at < len(texts):
        thousands, rest = divmod(first + at, 1000)
        some = texts[at : at + 1000 - rest]
        part = [head] * (len(some) * 4)
        part[0::4] = [b'"}\n{"seq":%d' % thousands if thousands else b'"}\n{"seq":'] * len(some)
        part[1::4] = (
            _DIGITS[rest : rest + len(some)] if thousands else [b"%d" % n for n in range(rest, rest + len(some))]
        )
        part[3::4] = some
        pieces += part
        at += len(some)
    pieces[0] = pieces[0][3:]
    pieces.append(b'"}\n')
    return pieces


def has_long_line(lines: bytes) -> bool:
    """Whether a block that ends with a line end holds a line over the limit: one look per 64 KiB, not per line."""
    start = 0
    while len(lines) - start > LINE_LIMIT:
        end = lines.rfind(b"\n", start, start + LINE_LIMIT + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def character_start(data: bytes, at: int) -> int:
    """The nearest place not after `at` where a UTF-8 character begins; `at` itself in what is no UTF-8."""
    for place in range(at, at - 4, -1):
        if data[place] & 0xC0 != 0x80:
            return place
    return at
