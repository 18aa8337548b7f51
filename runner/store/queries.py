"""The SQL of the store, read from its `.sql` files: named statements and numbered migrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

SQL = Path(__file__).with_name("sql")


def statements() -> Mapping[str, str]:
    """Every statement of the `.sql` files by the name in the comment above it."""
    found = {}
    for path in SQL.glob("*.sql"):
        for part in path.read_text("utf-8").split("-- name: ")[1:]:
            name, _, statement = part.partition("\n")
            found[name.strip()] = statement.strip().rstrip(";")
    return found


def migrations() -> Iterator[tuple[int, str]]:
    """Number and text of each migration, in order."""
    for path in sorted((SQL / "migrations").glob("*.sql")):
        yield int(path.name.partition("_")[0]), path.read_text("utf-8")
