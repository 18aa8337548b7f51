"""How much one client may ask: a bucket of requests for each, a number of streams."""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_CLIENTS = 4096
"""Remembered at a time: those that were not heard of for longest are forgotten."""
BURST = 2
"""Seconds' worth of requests that may come at once."""
MOST_STREAMS_OF_ONE = 256
MOST_STREAMS = 1024


class Buckets:
    """A token bucket for each client: so many requests a second, a little more in a burst."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_of(self, client: str, rate: int) -> int:
        """Take one request; 0, or in how many seconds there is one again. `rate` 0: as many as they like."""
        if rate == 0:
            return 0
        now = self._clock()
        held, at = self._buckets.pop(client, (float(rate * BURST), now))
        held = min(rate * BURST, held + (now - at) * rate)
        allowed = held >= 1
        self._buckets[client] = (held - allowed, now)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - held) / rate))


class Streams:
    """How many streams each client has open."""

    def __init__(self, most_of_one: int = MOST_STREAMS_OF_ONE, most: int = MOST_STREAMS) -> None:
        self._most_of_one = most_of_one
        self._most = most
        self._open: Counter[str] = Counter()

    def is_full(self, client: str) -> bool:
        return self._open[client] >= self._most_of_one or self._open.total() >= self._most

    @contextmanager
    def counted(self, client: str) -> Iterator[None]:
        self._open[client] += 1
        try:
            yield
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]
