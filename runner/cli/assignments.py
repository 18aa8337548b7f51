"""Variables as lines for people: what is printed is what bash would take, whatever is in the value."""

from __future__ import annotations

import shlex

NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\\": "\\\\", "'": "\\'"}


def assignment(name: str, value: str) -> str:
    """`NAME=value`, on one line that no terminal obeys; bash takes it as it is."""
    return f"{name}={word(value)}"


def word(text: str) -> str:
    """`text` as one word of bash: bare where it can be, else in quotes; `$'…'` where something in it is not seen
    (control characters, what turns the direction of writing around, bytes that are no UTF-8)."""
    if text.isprintable():
        return shlex.quote(text) if text else ""
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(c: str) -> str:
    code = ord(c)
    if c in NAMED:
        return NAMED[c]
    if c.isprintable():
        return c
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\{code - 0xDC00:03o}"
    if code < 0x80:
        return f"\\{code:03o}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
