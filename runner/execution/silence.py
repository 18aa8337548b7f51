"""How long a build has printed nothing."""

from __future__ import annotations

import time


class Silence:
    """`limit` in seconds; without one there is none."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit or 0.0
        self._heard_at = time.monotonic()
        self._printed = 0

    @property
    def end(self) -> float | None:
        """The monotonic second at which it has been silent for too long."""
        return self._heard_at + self.limit if self.limit else None

    def broken(self, printed: int, now: float) -> bool:
        """Whether it is silent for too long; `printed` are the bytes of all its output so far."""
        if printed != self._printed:
            self._printed, self._heard_at = printed, now
        return self.end is not None and now >= self.end
