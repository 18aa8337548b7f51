"""A supervisor that was stopped, or hangs, must not keep its build for ever: whoever waits for it ends it in time."""

from __future__ import annotations

import asyncio
import contextlib
import signal

MARGIN_S = 15.0
"""How long after the grace period a supervisor has to end what it runs: it goes on killing for ten seconds."""


class Patience:
    """Wakes a supervisor when something is asked of it and when its time limit is over, and kills it where it does not
    end then. `grace` and `margin` are seconds, `limit_at` a moment of the monotonic clock; `killed` tells that it had
    to be."""

    def __init__(self, pidfd: int, grace: float, limit_at: float, margin: float = MARGIN_S) -> None:
        self.killed = False
        self._pidfd = pidfd
        self._grace = grace
        self._margin = margin
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_at(limit_at + margin, self.expect_its_end)

    def expect_its_end(self) -> None:
        """It was told to end, or should have ended by itself."""
        self._send(signal.SIGCONT)
        self._timer.cancel()
        self._timer = self._loop.call_later(self._grace + self._margin, self._kill)

    def wake(self) -> None:
        """Let it go on, if it was stopped."""
        self._send(signal.SIGCONT)

    def close(self) -> None:
        """It has ended."""
        self._timer.cancel()

    def _kill(self) -> None:
        self.killed = True
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)
