"""The effective settings as a settings file, each line with where its value came from."""

from __future__ import annotations

from collections.abc import Iterator

from runner.service.settings_keys import Key, all_keys
from runner.service.settings_reading import Effective, Value
from runner.service.settings_sources import KeyPath, Source
from runner.service.settings_values import as_key
from runner.triggers.addresses import masked


def as_file(effective: Effective) -> str:
    """TOML that gives the same settings again, but for logins in addresses. What is not set is a comment."""
    tables: dict[KeyPath, list[tuple[Key, KeyPath]]] = {}
    for key in all_keys():
        for path in effective.values:
            if key.takes(path):
                tables.setdefault(path[:-1], []).append((key, path))
    blocks = ["\n".join(_block(effective, table, keys)) for table, keys in tables.items()]
    return "\n\n".join(blocks) + "\n"


def _block(effective: Effective, table: KeyPath, keys: list[tuple[Key, KeyPath]]) -> Iterator[str]:
    if table:
        yield f"[{'.'.join(map(as_key, table))}]"
    for key, path in keys:
        value = effective.values[path]
        text = key.text(value.value)
        line = f"# {path[-1]} is not set" if text is None else f"{as_key(path[-1])} = {masked(text)}"
        yield f"{line}  # {_origin(value)}" if text is not None else line


def _origin(value: Value) -> str:
    return value.where if value.source is Source.ENVIRONMENT else value.source.value
