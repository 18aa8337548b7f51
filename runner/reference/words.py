"""What kinds of values are, in the words of a table."""

from __future__ import annotations

from typing import Any

from runner.pipeline.content_kinds import Cron, NameFilter, Parameters, SemanticVersion
from runner.pipeline.kinds import Choice, Form, Free, Kind, Listing, Table, Text, Truth, Whole, Word, Words
from runner.pipeline.limits import Bytes


def words_of(kind: Kind[Any]) -> str:
    """`a whole number, 0..10000`; words of the language are in backticks."""
    match kind:
        case Form(words=words):
            return words
        case Choice(words=choices):
            return ", ".join(f"`{word}`" for word in choices)
        case Whole(least=least, most=most):
            return f"a whole number{_range(least, most)}"
        case Bytes(least=least):
            return "a size such as `512MiB` or `2G`" + (f", at least {least} bytes" if least > 1 else "")
        case _:
            return _SIMPLE[type(kind)]


_SIMPLE: dict[type, str] = {
    Text: "text",
    Word: "a name",
    Truth: "true or false",
    Words: "text, or a list of texts",
    Table: "a mapping",
    Listing: "a list",
    Free: "anything",
    SemanticVersion: "a semantic version",
    Cron: "cron, five fields",
    NameFilter: "a mapping with `only` and `except`",
    Parameters: "a mapping, at least one key; `secure` holds encrypted ones",
}


def _range(least: int | None, most: int | None) -> str:
    if most is None:
        return "" if least is None else f", at least {least}"
    return f", {least}..{most}"
