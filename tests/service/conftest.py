"""`gate`: waiting for what a script says."""

from __future__ import annotations

from tests.execution.conftest import gate

__all__ = ["gate"]
