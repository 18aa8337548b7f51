"""Bearing lost connections: a service may restart while it is listened to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from runner.client.failures import LostError

LIMIT = timedelta(seconds=60)
"""How long a service may be away: longer than an upgrade takes."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0


class Patience:
    """`told` gets a sentence when a connection is lost, once for each time that the service goes away."""

    def __init__(self, limit: timedelta, told: Callable[[str], object]) -> None:
        self.stopped = threading.Event()
        self._limit_s = limit.total_seconds()
        self._told = told
        self._heard_at = time.monotonic()
        self._pause_s = FIRST_PAUSE_S
        self._away = False

    def heard(self) -> None:
        """The service has said something."""
        self._heard_at = time.monotonic()
        self._pause_s = FIRST_PAUSE_S
        self._away = False

    def bear(self, error: LostError) -> None:
        """Raises LostError when the service has been away for too long."""
        if self.stopped.is_set():
            return
        if time.monotonic() - self._heard_at > self._limit_s:
            raise LostError(f"{error} (given up after {self._limit_s:.0f} s)") from error
        if not self._away:
            self._told(f"{error}; trying again for {self._limit_s:.0f} s")
            self._away = True

    def pause(self) -> None:
        """Wait a little longer each time, or until `stopped`."""
        self.stopped.wait(self._pause_s)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
