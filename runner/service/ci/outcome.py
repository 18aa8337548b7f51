"""What the ends of its items make of a CI build. Source: the platform's documentation of its matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemEnd:
    """`name` is how people name it."""

    name: str
    status: str
    may_fail: bool = False


PASSED = ("success", "unstable")


def outcome(ends: Sequence[ItemEnd]) -> tuple[str, str | None]:
    """The status and the reason: a failure if an item has failed that may not, else unstable if one is."""
    failed = [end for end in ends if end.status not in PASSED and not end.may_fail]
    if failed:
        status = "cancelled" if all(end.status == "cancelled" for end in failed) else "failure"
        return status, ", ".join(f"{end.name} ended with {end.status}" for end in failed)
    unstable = [end.name for end in ends if end.status == "unstable"]
    if unstable:
        return "unstable", f"unstable: {', '.join(unstable)}"
    return "success", None
