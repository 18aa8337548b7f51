"""Signals to a command: what they do is decided as it goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Interrupts:
    """What a signal does, given the reason."""

    act: Callable[[str], object]

    def __call__(self, reason: str) -> None:
        self.act(reason)


@contextmanager
def interrupts_of_this() -> Iterator[Interrupts]:
    """Signals break off whatever is being prepared, until there is a run that they can interrupt in good order."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    interrupts = Interrupts(act=lambda reason: task and task.cancel(reason))
    for number in SIGNALS:
        reason = f"interrupted by {signal.Signals(number).name}"
        loop.add_signal_handler(number, interrupts, reason)
    try:
        yield interrupts
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
