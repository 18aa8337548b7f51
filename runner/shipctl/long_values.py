"""Values that are too long for a variable of a program: the job's documents have them.

The kernel hands no program a variable of more than 128 KiB, so a long one is set in the job's shell only, and shipctl,
which is a program, does not get it.
"""

from __future__ import annotations

import os

from runner.names import variable_key
from runner.shipctl.json_text import find, parse, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.shipctl.json_text import Json

NO_FIELDS = ("id", "masterName")
"""Of integration.json: what has no variable."""


def of_integration(directory: str, field: str) -> str:
    """A field of integration.json, as its variable has it; empty where there is none."""
    for key, value in _members(f"{directory}/integration.json", ""):
        if key not in NO_FIELDS and _same(key, field):
            return _listed(value) if isinstance(value, list) else _text(value)
    return ""


def of_params(directory: str, key: str) -> str:
    """A parameter in version.json, or among the encrypted ones, as its variable has it; empty where there is none."""
    secure = f"{os.environ.get('BUILD_SECRETS_DIR', '')}/{os.path.basename(directory)}_params.json"
    members = [*_members(secure, ""), *_members(f"{directory}/version.json", "version.propertyBag.params")]
    return next((_text(value) for name, value in members if _same(name, key)), "")


def _members(path: str, below: str) -> list[tuple[str, Json]]:
    """The last of two keys that mean the same comes first, as it wins among variables."""
    try:
        with open(path, "rb") as file:
            found = find(parse(file.read()), below)
    except (OSError, ValueError):  # no such resource, or a script has made something else of it
        return []
    return list(reversed(found.items())) if isinstance(found, dict) else []


def _same(key: str, wanted: str) -> bool:
    return variable_key(key).upper() == variable_key(wanted).upper()


def _listed(items: list[Json]) -> str:
    return "'" + ",".join(f'"{_text(item)}"' for item in items) + "'"


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    import json

    return json.dumps(json.loads(shown(value)), ensure_ascii=False, separators=(",", ":"))
