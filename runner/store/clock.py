"""The time as the store writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """RFC 3339, UTC, microseconds."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """The same of an aware moment."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
