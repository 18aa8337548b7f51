"""What the service and systemd tell each other: states over `NOTIFY_SOCKET`, the watchdog, and sockets handed over.

Source of the protocols: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

import structlog

FIRST_DESCRIPTOR = 3
"""The first one that systemd hands over; the others follow it."""
UNNAMED = "unknown"
"""What systemd calls a socket without a name."""

log = structlog.stdlib.get_logger()


class Notifier:
    """Tells systemd how the service is; says nothing where nobody listens."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self.watchdog_interval = _watchdog_interval(environ)

    @property
    def heard(self) -> bool:
        """Whether the service was started by something that wants to know."""
        return bool(self._address)

    def ready(self, status: str = "") -> None:
        """Start-up, or a reload, is done."""
        self._tell("READY=1", *_status(status))

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "") -> None:
        self._tell("STOPPING=1", *_status(status))

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(*_status(text))

    async def watchdog(self, stopped: asyncio.Event) -> None:
        """Say twice in each interval that the event loop turns, until `stopped` is set; returns at once where
        nobody watches."""
        if self.watchdog_interval is None:
            return
        while not stopped.is_set():
            self._tell("WATCHDOG=1")
            try:
                async with asyncio.timeout(self.watchdog_interval.total_seconds()) as ours:
                    await stopped.wait()
            except TimeoutError:
                if not ours.expired():
                    raise

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:  # systemd does without; what it then does stands in its own log
            log.warning("systemd.unreachable", told=lines[0], error=str(error))


def handed_over(
    environ: Mapping[str, str] = os.environ, first: int = FIRST_DESCRIPTOR
) -> dict[str, tuple[socket.socket, ...]]:
    """The sockets that systemd has opened for this process, by the names of their units (`FileDescriptorName=`).
    To be called once: it takes them."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    number = int(environ.get("LISTEN_FDS", "0"))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    names += [UNNAMED] * (number - len(names))
    found: dict[str, tuple[socket.socket, ...]] = {}
    for descriptor, name in zip(range(first, first + number), names, strict=False):
        os.set_inheritable(descriptor, False)
        found[name or UNNAMED] = (*found.get(name or UNNAMED, ()), socket.socket(fileno=descriptor))
    return found


def _status(text: str) -> list[str]:
    return [f"STATUS={' '.join(text.split())}"] if text else []


def _watchdog_interval(environ: Mapping[str, str]) -> timedelta | None:
    """Half of what systemd waits for a sign of life; None where it does not, or means another process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not environ.get("WATCHDOG_USEC"):
        return None
    return timedelta(microseconds=int(environ["WATCHDOG_USEC"])) / 2
