"""`shipctl notify`."""

from __future__ import annotations

from runner.shipctl.console import RefusedError


def run(arguments: list[str]) -> int:
    """Raises RefusedError."""
    raise RefusedError("shipctl: notify is not available in this version")
