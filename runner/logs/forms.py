"""The forms of a secret: every byte string that gives its value away, as tools print and encode it.

Imported by the supervisor under `python -I -S`: C modules only (binascii, not base64, which imports re).
"""

from __future__ import annotations

from _json import encode_basestring, encode_basestring_ascii  # json.encoder's own, without the cost of importing json
from binascii import b2a_base64

SHORTEST = 4  # bytes: shorter values stand everywhere by chance, masking them would make a log unreadable
SHORTEST_LINE = 8  # bytes: shorter lines of a value (`}`, `EOF`, `type: x`) are its frame, which other files have too
WRAPPED = (76, 64)  # characters of a line: base64(1), openssl

_ALWAYS_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
_PLAIN_IN_URLS = (
    b"~",  # RFC 3986: urllib's quote(safe=''), curl, jq
    b"~/",  # urllib's quote
    b"~!'()*",  # encodeURIComponent
    b"~!'()*;,/?:@&=+$#",  # encodeURI
    b"*",  # forms of browsers, URLSearchParams
)
_QUOTED_BY_BASH = b"\\ !\"$&'()*,;<>?[]^`{|}"  # `printf %q`, of what needs no $'…'
_NAMED_BY_BASH = {
    7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 27: b"\\E",
    39: b"\\'", 92: b"\\\\",
}  # fmt: skip
_BASH_BYTES = tuple(_NAMED_BY_BASH.get(n, b"%c" % n if 32 <= n != 127 else b"\\%03o" % n) for n in range(256))
_BASH_BYTES_IN_C = (*_BASH_BYTES[:128], *(b"\\%03o" % n for n in range(128, 256)))
_XML_QUOTES = ((b'"', b"'"), (b"&quot;", b"'"), (b"&quot;", b"&#39;"), (b"&quot;", b"&#x27;"),
               (b"&quot;", b"&apos;"), (b"&#34;", b"&#39;"))  # fmt: skip


def too_short(value: bytes) -> bool:
    """Whether this is a value that cannot be hidden. An empty one has nothing to hide."""
    return 0 < len(_core(value)) < SHORTEST


def forms(value: bytes) -> frozenset[bytes]:
    """What has to be hidden of a value: nothing if it is under 4 bytes, else forms that all have at least 4 bytes.

    No encoding here makes a value shorter; the shortest form of 4 bytes is the 4 characters of base64 that hold 24 of
    their bits, which stand in other text as rarely as the value itself.
    """
    core = _core(value)
    if len(core) < SHORTEST:
        return frozenset()
    found = {core, *_lines(core)}
    for text in {core, core.replace(b"\r\n", b"\n")}:
        found.update(_base64(text), _percent(text), _json(text), _shell(text), _xml(text), _python(text))
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _core(value: bytes) -> bytes:
    """The value without the line ends around it: they are the file's, and `$(…)` drops them."""
    return value.strip(b"\r\n")


def _lines(value: bytes) -> set[bytes]:
    """A value of several lines with other line ends, as an unquoted `$VALUE` prints it, and each line by itself."""
    lines = value.replace(b"\r\n", b"\n").split(b"\n")
    words = [word for word in b" ".join(lines).replace(b"\t", b" ").split(b" ") if word]
    found = {end.join(lines) for end in (b"\n", b"\r\n", b" ")} | {b" ".join(words)}
    if len(lines) > 1:
        found.update(line for line in map(bytes.strip, lines) if len(line) >= SHORTEST_LINE)
    return found


def _base64(value: bytes) -> set[bytes]:
    """Both alphabets, at each place that the value can have in a longer text, and encoded by itself."""
    found = {_base64_inside(value, before) for before in range(3)}
    for alone in (value, value + b"\n"):  # the second is what `echo "$VALUE" | base64` prints
        text = b2a_base64(alone, newline=False)
        found.update((text, text.rstrip(b"=")))
        for width in WRAPPED:
            found.add(b"\n".join(text[at : at + width] for at in range(0, len(text), width)))
    return found | {form.replace(b"+", b"-").replace(b"/", b"_") for form in found}


def _base64_inside(value: bytes, before: int) -> bytes:
    """The characters that depend on nothing but the value, `before` bytes behind a multiple of 3."""
    text = b2a_base64(bytes(before) + value, newline=False)
    return text[(before * 8 + 5) // 6 : (before + len(value)) * 8 // 6]


def _percent(value: bytes) -> set[bytes]:
    found: set[bytes] = set()
    present = frozenset(value)
    for quoted in {present.difference(_ALWAYS_PLAIN, plain, b"%") for plain in _PLAIN_IN_URLS}:
        for code in ("%%%02X", "%%%02x"):
            text = value.replace(b"%", b"%25")
            for byte in quoted:
                text = text.replace(bytes((byte,)), (code % byte).encode())
            found.update((text, text.replace(b"%20", b"+")))
    return found


def _json(value: bytes) -> set[bytes]:
    """What stands between the quotes of a JSON text, and of a JSON text within a JSON text."""
    once = _json_once(value)
    return once.union(*map(_json_once, once))


def _json_once(value: bytes) -> set[bytes]:
    text = value.decode("utf-8", "surrogateescape")
    found = {
        encode(text)[1:-1].encode("utf-8", "surrogateescape") for encode in (encode_basestring, encode_basestring_ascii)
    }
    found |= {form.replace(b"/", b"\\/") for form in found}  # PHP
    return found | {  # Go
        form.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e") for form in found
    }


def _shell(value: bytes) -> set[bytes]:
    """Between the quotes that bash and Python put around it, or with the backslashes that bash puts into it."""
    found = {value.replace(b"'", quote) for quote in (b"'\\''", b"'\"'\"'")}
    found.update(b"".join([table[byte] for byte in value]) for table in (_BASH_BYTES, _BASH_BYTES_IN_C))
    found.add(_backslashed(value, b'\\"$`'))
    word = _backslashed(value, _QUOTED_BY_BASH).replace(b":~", b":\\~").replace(b"=~", b"=\\~")
    found.update((word, b"\\" + word) if word[:1] in b"#~" else (word,))
    return found


def _backslashed(value: bytes, quoted: bytes) -> bytes:
    for byte in quoted:  # the backslash is the first of them
        value = value.replace(bytes((byte,)), b"\\%c" % byte)
    return value


def _xml(value: bytes) -> set[bytes]:
    """XML and HTML: what people and libraries agree on, and the ways that they write quotes."""
    text = value.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return {text.replace(b'"', double).replace(b"'", single) for double, single in _XML_QUOTES}


def _python(value: bytes) -> set[bytes]:
    """Between the quotes of its repr, as text and as bytes."""
    text = repr(value.decode("utf-8", "surrogateescape"))[1:-1].encode("utf-8", "surrogateescape")
    return {text, repr(value)[2:-1].encode()}
