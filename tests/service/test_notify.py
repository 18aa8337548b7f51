"""What systemd is told, and what it hands over: with real sockets."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from runner.service.notify import Notifier, handed_over


class Systemd:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(address.replace("@", "\0", 1))
        self.environ = {"NOTIFY_SOCKET": address}

    def told(self) -> list[str]:
        return self.socket.recv(4096).decode().split("\n")

    async def hear(self) -> list[str]:
        return (await asyncio.get_running_loop().sock_recv(self.socket, 4096)).decode().split("\n")


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    path = f"{tmp_path}/notify"
    listening = Systemd(path if request.param == "path" else f"@{path}")
    yield listening
    listening.socket.close()


def test_systemd_hears_each_state(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ)
    notifier.ready("4 pipelines")
    assert systemd.told() == ["READY=1", "STATUS=4 pipelines"]
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    what, at = systemd.told()
    assert what == "RELOADING=1"
    assert before <= int(at.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    notifier.status("two\nlines")
    assert systemd.told() == ["STATUS=two lines"]
    notifier.stopping()
    assert systemd.told() == ["STOPPING=1"]


async def test_the_watchdog_is_fed_until_the_service_stops(systemd: Systemd) -> None:
    notifier = Notifier(systemd.environ | {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())})
    assert notifier.watchdog_interval == timedelta(milliseconds=10)
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(notifier.watchdog(stopped))
        assert [await systemd.hear() for _ in range(3)] == [["WATCHDOG=1"]] * 3
        stopped.set()


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}])
async def test_without_a_watchdog_there_is_nothing_to_do(environ: dict[str, str]) -> None:
    await Notifier(environ).watchdog(asyncio.Event())


def test_a_service_that_nobody_listens_to_goes_on(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": f"{tmp_path}/nothing"}).ready()
    assert not Notifier({}).heard


def test_sockets_that_systemd_opened_are_found_by_their_names() -> None:
    first = _opened(200, 3)
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "3", "LISTEN_FDNAMES": "credentials:api:api"}
    found = handed_over(environ, first)
    assert {name: [each.fileno() for each in sockets] for name, sockets in found.items()} == {
        "credentials": [first],
        "api": [first + 1, first + 2],
    }
    assert not any(each.get_inheritable() for sockets in found.values() for each in sockets)
    assert found["credentials"][0].getsockname()[0] == "127.0.0.1"
    for sockets in found.values():
        for each in sockets:
            each.close()


def test_sockets_without_names_and_those_of_another_process() -> None:
    first = _opened(210, 1)
    assert handed_over({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, first) == {}
    assert handed_over({}, first) == {}
    (only,) = handed_over({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}, first)["unknown"]
    only.close()


def _opened(first: int, number: int) -> int:
    """Listening sockets on descriptors that follow each other, as systemd leaves them to a service."""
    for descriptor in range(first, first + number):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            assert fcntl.fcntl(listening.fileno(), fcntl.F_DUPFD, descriptor) == descriptor
    return first
