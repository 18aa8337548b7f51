"""Scopes of systemd for builds: over a real bus, with a strict stand-in for systemd behind it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from runner.execution.launcher import LocalLauncher
from runner.service.scopes import MANAGER, MANAGER_PATH, SYSTEMD, Scopes
from tests.execution.harness import Job, task

pytestmark = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="there is no dbus-daemon on this host")

CONFIG = """
<busconfig>
  <type>session</type><listen>unix:path={0}/bus</listen>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """The address of a message bus of its own."""
    config = tmp_path / "bus.conf"
    config.write_text(CONFIG.format(tmp_path), "utf-8")
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout
        yield daemon.stdout.readline().strip()
        daemon.terminate()


@dataclass
class Systemd:
    """Answers as systemd does: a scope is asked for, the answer is a job, whose end is a signal."""

    bus: MessageBus
    result: str = "done"
    refusal: str = ""
    subscribed: bool = False
    asked: dict[str, dict[str, object]] = field(default_factory=dict)

    def hear(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != MANAGER:
            return None
        assert message.path == MANAGER_PATH
        match message.member:
            case "Subscribe":
                self.subscribed = True
                return Message.new_method_return(message)
            case "StartTransientUnit":
                return self._start(message)
        return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", str(message.member))

    def _start(self, message: Message) -> Message:
        assert message.signature == "ssa(sv)a(sa(sv))"
        unit, mode, properties, others = message.body
        assert (mode, others) == ("fail", [])
        if self.refusal:
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", self.refusal)
        self.asked[unit] = {name: (value.signature, value.value) for name, value in properties}
        if self.subscribed:  # before the answer: the one who asks must not depend on the order
            body = [1, f"{MANAGER_PATH}/job/1", unit, self.result]
            self.bus.send(
                Message.new_signal(
                    path=MANAGER_PATH, interface=MANAGER, member="JobRemoved", signature="uoss", body=body
                )
            )
        return Message.new_method_return(message, "o", [f"{MANAGER_PATH}/job/1"])


@pytest.fixture
async def systemd(bus: str) -> AsyncIterator[Systemd]:
    connection = await MessageBus(bus_address=bus).connect()
    stand_in = Systemd(connection)
    connection.add_message_handler(stand_in.hear)
    await connection.request_name(SYSTEMD)
    yield stand_in
    connection.disconnect()


@pytest.fixture
async def scopes(bus: str) -> AsyncIterator[Scopes]:
    scopes = Scopes(bus)
    yield scopes
    scopes.close()


async def test_a_supervisor_is_in_its_scope_before_it_gets_its_order(
    systemd: Systemd, scopes: Scopes, tmp_path: Path
) -> None:
    place = tmp_path / "7"
    place.mkdir()
    begun: list[bool] = []

    async def placing(directory: Path, pid: int) -> None:
        await scopes.place(directory, pid)
        begun.append((directory / "control").exists())

    build = await LocalLauncher(placing).start(Job(place=place, tasks=(task("echo a"),)).spec())
    assert (await build.wait()).status == "success"
    assert begun == [False]
    assert systemd.asked == {
        "shippable-build-7.scope": {
            "Description": ("s", "shippable-build-7 of the shippable runner"),
            "Slice": ("s", "shippable-builds.slice"),
            "PIDs": ("au", [build.pid]),
            "Delegate": ("b", True),
            "CollectMode": ("s", "inactive-or-failed"),
            "KillMode": ("s", "control-group"),
        }
    }


async def test_many_builds_start_at_once_over_one_connection(systemd: Systemd, scopes: Scopes) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(scopes.place(Path(str(number)), os.getpid()))
    assert len(systemd.asked) == 20


@pytest.mark.parametrize(
    ("result", "refusal", "reason"),
    [
        ("failed", "", "systemd could not start shippable-build-7.scope: failed"),
        ("done", "Permission denied", "StartTransientUnit: Permission denied"),
    ],
)
async def test_a_build_without_a_scope_goes_on_and_the_log_says_why(
    systemd: Systemd, scopes: Scopes, result: str, refusal: str, reason: str
) -> None:
    systemd.result, systemd.refusal = result, refusal
    with structlog.testing.capture_logs() as events:
        await scopes.place(Path("7"), os.getpid())
    assert events == [{"event": "scope.missing", "build": "7", "reason": reason, "log_level": "warning"}]


async def test_a_host_without_a_bus_is_told(tmp_path: Path) -> None:
    scopes = Scopes(f"unix:path={tmp_path}/nothing")
    with structlog.testing.capture_logs() as events:
        await scopes.place(Path("7"), os.getpid())
    assert [event["event"] for event in events] == ["scope.missing"]
    scopes.close()


async def test_a_lost_connection_is_made_again(systemd: Systemd, scopes: Scopes) -> None:
    await scopes.place(Path("1"), os.getpid())
    scopes.close()
    await scopes.place(Path("2"), os.getpid())
    assert list(systemd.asked) == ["shippable-build-1.scope", "shippable-build-2.scope"]
