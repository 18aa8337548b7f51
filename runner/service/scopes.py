"""A transient scope of systemd for each build: what a build runs is then no part of the service's unit, so a restart or
an upgrade of the unit leaves it alone, while a shutdown of the host ends it with TERM and a grace period.

Source: systemd's D-Bus interface (org.freedesktop.systemd1(5)), "Control Group APIs and Delegation".
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from dbus_fast import AuthError, BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

SLICE = "shippable-builds.slice"
PATIENCE_S = 5.0
"""How long systemd may take for one scope before the build goes on without."""
SYSTEMD = "org.freedesktop.systemd1"
MANAGER = "org.freedesktop.systemd1.Manager"
MANAGER_PATH = "/org/freedesktop/systemd1"
JOB_REMOVED = f"type='signal',sender='{SYSTEMD}',interface='{MANAGER}',member='JobRemoved'"

DRIVER = "org.freedesktop.DBus"
log = structlog.stdlib.get_logger()


class ScopeError(Exception):
    """systemd did not make a scope; the text says why."""


class Scopes:
    """Moves supervisors into scopes. `address` is that of another bus than the system's."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._bus: MessageBus | None = None
        self._connecting = asyncio.Lock()
        self._starting: dict[str, asyncio.Future[str]] = {}

    async def place(self, place: Path, pid: int) -> None:
        """Move a supervisor that has not begun yet into the scope `shippable-build-<id>.scope`, where `place` is the
        directory of the build. Where that fails the log says why, and it stays in the unit of the service."""
        unit = f"shippable-build-{place.name}.scope"
        try:
            async with asyncio.timeout(PATIENCE_S) as ours:
                await self._start(unit, pid)
        except TimeoutError:
            if not ours.expired():
                raise
            log.warning("scope.missing", build=place.name, reason=f"systemd did not answer within {PATIENCE_S:g} s")
        except (ScopeError, OSError, DBusError, AuthError, EOFError) as error:
            log.warning("scope.missing", build=place.name, reason=str(error))

    def close(self) -> None:
        if self._bus:
            self._bus.disconnect()

    async def _start(self, unit: str, pid: int) -> None:
        """Returns when systemd has moved the process. Raises ScopeError, or what the connection raises."""
        bus = await self._connected()
        self._starting[unit] = asyncio.get_running_loop().create_future()
        try:
            properties = _properties(unit, pid)
            await _call(bus, _to_systemd("StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", properties, []))
            result = await self._starting[unit]
        finally:
            del self._starting[unit]
        if result != "done":
            raise ScopeError(f"systemd could not start {unit}: {result}")

    async def _connected(self) -> MessageBus:
        async with self._connecting:
            if self._bus is None or not self._bus.connected:
                bus = await MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM).connect()
                bus.add_message_handler(self._hear)
                heard = Message(
                    destination=DRIVER, path="/", interface=DRIVER, member="AddMatch", signature="s", body=[JOB_REMOVED]
                )
                await _call(bus, heard)
                await _call(bus, _to_systemd("Subscribe"))
                self._bus = bus
            return self._bus

    def _hear(self, message: Message) -> None:
        """The end of one of systemd's jobs."""
        if message.message_type is MessageType.SIGNAL and message.member == "JobRemoved":
            _, _, unit, result = message.body
            if (waiting := self._starting.get(unit)) and not waiting.done():
                waiting.set_result(result)


def _properties(unit: str, pid: int) -> list[list[object]]:
    """At a shutdown everything in the scope gets TERM, and KILL after the grace that the supervisor gives as well: a
    scope has no main process that could be asked alone (`mixed` would kill at once)."""
    properties = {
        "Description": Variant("s", f"{unit.removesuffix('.scope')} of the shippable runner"),
        "Slice": Variant("s", SLICE),
        "PIDs": Variant("au", [pid]),
        "Delegate": Variant("b", True),
        "CollectMode": Variant("s", "inactive-or-failed"),
        "KillMode": Variant("s", "control-group"),
    }
    return [[name, value] for name, value in properties.items()]


async def _call(bus: MessageBus, message: Message) -> None:
    """Raises ScopeError where the answer is an error."""
    answer = await bus.call(message)
    if answer.message_type is MessageType.ERROR:
        raise ScopeError(f"{message.member}: {answer.body[0] if answer.body else answer.error_name}")


def _to_systemd(member: str, signature: str = "", *body: object) -> Message:
    return Message(
        destination=SYSTEMD, path=MANAGER_PATH, interface=MANAGER, member=member, signature=signature, body=[*body]
    )
