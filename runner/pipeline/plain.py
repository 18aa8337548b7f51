"""Content of a file as plain JSON values, and as the text that a variable gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from runner.pipeline.model import Data

Json: TypeAlias = Any
"""What `json` reads and writes; only at the border to files and to the store."""


def plain(data: Data) -> Json:
    """Frozen content as dict, list and scalars."""
    match data:
        case Mapping():
            return {key: plain(value) for key, value in data.items()}
        case tuple():
            return [plain(value) for value in data]
        case _:
            return data


def json_line(value: Json) -> str:
    """One line of JSON, unicode as it is, no blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def variable_text(value: Json) -> str:
    """The text a variable gets: `true`/`false`, an empty text for null, JSON for lists and mappings.

    Source: the platform printed JavaScript values.
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return json_line(value)
