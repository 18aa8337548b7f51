"""Just enough JSON for a look-up: read a document, follow a path, print what is there as it was written.

`json` imports `re` and costs more than the start of Python itself, so its scanner in C is taken directly; where an
interpreter does not have it in this form, `json` does the work.
"""

from __future__ import annotations

try:
    from _json import encode_basestring, make_scanner
except ImportError:
    from json.encoder import encode_basestring

    make_scanner = None  # type: ignore[assignment,misc]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Json: TypeAlias = "bool | str | list[Json] | dict[str, Json] | None"


class Number(str):
    """A number as its document has it: `1.0` stays `1.0`, `1e3` stays `1e3`."""

    __slots__ = ()


class _Options:
    """What the scanner asks for."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = Number
    parse_int = Number
    parse_constant = Number
    memo: dict[str, str] = {}  # noqa: RUF012  the scanner's own


def parse(data: bytes) -> Json:
    """The document. Raises ValueError where it is none; bytes that are no UTF-8 stay what they are."""
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").strip(" \t\r\n")
    try:
        value, end = make_scanner(_Options)(text, 0)  # type: ignore[arg-type]
        if end == len(text):
            return value  # type: ignore[no-any-return]
    except (AttributeError, RecursionError, StopIteration, SystemError, TypeError, ValueError):
        pass  # not as expected, the scanner or the text (it gives SystemError where json is not loaded): json will tell
    return _parse_with_json(text)


def _parse_with_json(text: str) -> Json:
    from json import JSONDecoder

    decoder = JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number, strict=False)
    try:
        return decoder.decode(text)  # type: ignore[no-any-return]
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def find(value: Json, path: str) -> Json:
    """What `.path` names: names joined by dots, `[N]` for the item of a list; None where nothing is there.

    A name may hold dashes and blanks. A key that holds the whole rest of the path, dots included, goes before.
    """
    if not path:
        return value
    if isinstance(value, dict) and path in value:
        return value[path]
    step, _, rest = path.partition(".")
    return find(_child(value, step), rest)


def _child(value: Json, step: str) -> Json:
    name, *positions = step.split("[")
    if name:
        value = value.get(name) if isinstance(value, dict) else None
    for position in positions:
        value = _item(value, position.removesuffix("]"))
    return value


def _item(value: Json, position: str) -> Json:
    if not isinstance(value, list) or not position.removeprefix("-").isdecimal():
        return None
    index = int(position)
    return value[index] if -len(value) <= index < len(value) else None


def shown(value: Json) -> bytes:
    """A text as it is, everything else as JSON with an indent of two blanks."""
    text = value if isinstance(value, str) else _written(value, "\n")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        return text.encode("utf-8", "replace")


def _written(value: Json, newline: str) -> str:
    deeper = newline + "  "
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return value
        case str():
            return encode_basestring(value).replace("\x7f", "\\u007f")
        case list():
            items = [_written(item, deeper) for item in value]
            return f"[{deeper}{f',{deeper}'.join(items)}{newline}]" if items else "[]"
        case dict():
            items = [f"{encode_basestring(key)}: {_written(inner, deeper)}" for key, inner in value.items()]
            return f"{{{deeper}{f',{deeper}'.join(items)}{newline}}}" if items else "{}"
