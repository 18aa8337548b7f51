"""`$NAME` and `${NAME}` in the definition and the version of a dependency: replaced by what is known by then.

Source: the platform passed version.json through envsubst with the variables of earlier steps. Here the replacing is
done inside JSON strings, so that no value can break the document; commit data and webhook payloads are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.pipeline.plain import Json

PLACEHOLDER = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
FOREIGN = frozenset({"shaData", "webhookRequestHeaders", "webhookRequestBody", "payload"})
"""Keys of a version's bag that came from outside: their text is data, not a template."""


def expand(value: Json, known: Mapping[str, str]) -> Json:
    """A copy of `value` with every placeholder replaced; an unknown name becomes nothing."""
    match value:
        case str():
            return PLACEHOLDER.sub(lambda m: known.get(m[1] or m[2], ""), value) if "$" in value else value
        case dict():
            return {key: inner if key in FOREIGN else expand(inner, known) for key, inner in value.items()}
        case list():
            return [expand(inner, known) for inner in value]
        case _:
            return value
