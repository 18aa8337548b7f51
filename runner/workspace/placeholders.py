"""`$NAME` and `${NAME}` in the definition and the version of a dependency: replaced by what is known by then.

Source: the platform passed version.json through envsubst with the variables of earlier steps. Here the replacing is
done inside JSON strings, so that no value can break the document; commit data and webhook payloads are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from runner.pipeline.plain import Json

PLACEHOLDER = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
FOREIGN = frozenset({"shaData", "webhookRequestHeaders", "webhookRequestBody", "payload", "normalizedRepo"})
"""Keys of a version's bag that came from outside: their text is data, not a template."""


def expand(value: Json, known: Mapping[str, str], kept: Collection[str] = ()) -> Json:
    """A copy of `value` with every placeholder replaced; an unknown name becomes nothing, one of `kept` stays."""

    def text(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return found[0] if name in kept else known.get(name, "")

    match value:
        case str():
            return PLACEHOLDER.sub(text, value) if "$" in value else value
        case dict():
            return {key: inner if key in FOREIGN else expand(inner, known, kept) for key, inner in value.items()}
        case list():
            return [expand(inner, known, kept) for inner in value]
        case _:
            return value
