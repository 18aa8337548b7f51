"""The unix socket: who may do what, whose file it is, and what is told while the database is locked."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from runner.daemon.opening import open_service
from runner.errors import UsageError
from tests.api.clients import served
from tests.daemon.running import Host, until

ASK = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
for method, path in (("GET", "/api/v1/jobs"), ("POST", "/api/v1/jobs/build/pause"), ("GET", "/api/v1/tokens")):
    connection.sendall(f"{method} {path} HTTP/1.1\\r\\nHost: runner\\r\\nContent-Length: 0\\r\\n\\r\\n".encode())
    print(connection.recv(65536).split()[1].decode(), flush=True)
"""


async def test_the_socket_is_for_the_group_and_goes_with_the_service(host: Host) -> None:
    path = host.settings.server.socket
    async with served(host.settings):
        mode = path.stat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)
    assert not path.exists()


async def test_the_socket_of_a_dead_process_is_replaced_but_no_other_file(host: Host) -> None:
    path = host.settings.server.socket
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with served(host.settings) as (_, client):
        assert (await client.get("/service")).status == 200
    path.write_text("precious")
    async with AsyncExitStack() as stack:
        with pytest.raises(UsageError, match="is no socket"):
            await open_service(stack, host.settings, {})
    assert path.read_text() == "precious"


async def test_a_socket_that_systemd_keeps_open_is_used_and_left(host: Host) -> None:
    path = host.settings.server.socket
    kept = socket.socket(socket.AF_UNIX)
    kept.bind(str(path))
    kept.listen()
    async with AsyncExitStack() as stack:
        service = await open_service(stack, host.settings, {"api": (kept,)})
        assert service.listeners.sockets == (kept,)
    assert path.exists()


PYTHON = shutil.which("python3", path="/usr/bin:/bin")
"""One that other users may start."""


@pytest.mark.skipif(os.geteuid() != 0 or PYTHON is None, reason="only root can be somebody else")
@pytest.mark.parametrize(
    ("groups", "expected"), [([0], ["200", "200", "403"]), ([65534], ["403", "403", "403"])], ids=["member", "stranger"]
)
async def test_members_of_the_group_may_run_and_others_nothing(
    host: Host, groups: list[int], expected: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        settings = replace(host.settings, server=replace(host.settings.server, socket=Path(directory) / "api"))
        async with served(settings):
            os.chmod(settings.server.socket, 0o666)
            command = [str(PYTHON), "-I", "-S", "-c", ASK, str(settings.server.socket)]
            asked = await asyncio.to_thread(
                subprocess.run, command, user=65533, group=65533, extra_groups=groups, capture_output=True, text=True
            )
        assert asked.stdout.split() == expected, asked.stderr


async def test_health_is_told_while_the_database_is_locked_and_orders_wait(host: Host) -> None:
    async with served(host.settings) as (service, client):
        other = await asyncio.to_thread(sqlite3.connect, service.store.directory / "runner.db", 0, 0, None, False)
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            ordered = group.create_task(client.post("/jobs/build/run"))
            for _ in range(20):
                async with client.session.get(f"{client.base}/healthz") as answer:
                    assert (answer.status, ordered.done()) == (200, False)
            other.execute("ROLLBACK")
            other.close()
        assert ordered.result().status == 201


async def test_an_order_is_carried_through_although_nobody_waits_for_its_answer(host: Host) -> None:
    async with served(host.settings) as (service, client):
        other = await asyncio.to_thread(sqlite3.connect, service.store.directory / "runner.db", 0, 0, None, False)
        other.execute("BEGIN IMMEDIATE")
        _, writer = await asyncio.open_unix_connection(str(host.settings.server.socket))
        writer.write(b"POST /api/v1/jobs/build/pause HTTP/1.1\r\nHost: runner\r\nContent-Length: 0\r\n\r\n")
        async with client.session.get(f"{client.base}/healthz") as answer:
            assert answer.status == 200  # so what was sent before it is under way
        writer.close()
        await writer.wait_closed()
        other.execute("ROLLBACK")
        other.close()

        async def paused() -> bool | None:
            return (await service.questions.job("build")).node.paused or None

        assert await until(service, paused)


async def test_a_service_that_drains_says_so(host: Host) -> None:
    async with served(host.settings) as (_, client):
        await client.post("/service/drain")
        async with client.session.get(f"{client.base}/healthz") as answer:
            assert (answer.status, (await answer.json())["state"]) == (503, "draining")
