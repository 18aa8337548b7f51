"""What msgspec says of a request that does not fit, as a sentence for people that begins with the key.

Only words are chosen here. What is not known goes out as msgspec says it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

PLACE = re.compile(r"(?P<said>.*?)(?: - at `(?:(?P<inside>key|value)` in `)?\$\.?(?P<key>.*)`)?", re.DOTALL)
TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "datetime": "a time",
    "null": "null",
}
SENTENCES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"Expected `(\w+)` ([<>]=?) (\d+)", lambda m: f"must be {_type(m[1])} {m[2]} {m[3]}"),
    (r"Expected `str` of length ([<>]=?) (\d+)", lambda m: f"must be a text of a length {m[1]} {m[2]}"),
    (r"Expected `str` matching regex '(.*)'", lambda m: f"must be a text like {m[1]}"),
    (r"Expected `datetime` with a timezone component", lambda m: "must be a time with its zone (2026-01-31T09:30:00Z)"),
    (r"Invalid RFC3339 encoded datetime", lambda m: "must be a time (2026-01-31T09:30:00Z)"),
    (r"Invalid enum value (.*)", lambda m: f"{m[1]} is none of the words that it may be"),
    (r"Expected `([^`]*)`, got `([^`]*)`", lambda m: f"must be {_type(m[1])}, not {_type(m[2])}"),
)
FIELDS: tuple[tuple[str, str], ...] = (
    (r"Object contains unknown field `(.*)`", "there is no such key"),
    (r"Object missing required field `(.*)`", "is missing"),
)


def sentence(error: msgspec.MsgspecError) -> str:
    """`name: is missing`; `id: must be a whole number, not a text`; `the body is no JSON: …`"""
    if not isinstance(error, msgspec.ValidationError):
        return f"the body is no JSON: {error}"
    place = PLACE.fullmatch(str(error))
    said, key = (place["said"], place["key"] or "") if place else (str(error), "")
    for pattern, words in FIELDS:
        if found := re.fullmatch(pattern, said):
            return f"{key}.{found[1]}: {words}" if key else f"{found[1]}: {words}"
    where = f"a key of {key}" if place and place["inside"] == "key" else key or "the body"
    for pattern, told in SENTENCES:
        if found := re.fullmatch(pattern, said):
            return f"{where}: {told(found)}"
    return f"{where}: {said}" if key else said


def _type(names: str) -> str:
    return " or ".join(TYPES.get(name, name) for name in names.split(" | "))
