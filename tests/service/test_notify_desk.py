"""The socket where jobs have something told: who gets an answer there, and which."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runner.execution.sockets import connect
from runner.integrations.sources import read_integrations
from runner.service.engine import Engine
from runner.service.inputs import Inputs
from runner.service.notify_desk import KEY, KEY_BYTES, SOCKET, NotifyDesk
from runner.store.rows import BuildEnd, BuildRow
from tests.service.world import World, world
from tests.shipctl.services import WebService, web_service

JOBS = """
    resources:
      - {name: team, type: notification, integration: kept, pointer: {recipients: [a]}}
    jobs:
      - {name: a, type: runSh, integrations: [given], steps: [IN: team, TASK: {script: ["true"]}]}
"""


@asynccontextmanager
async def desk(state: Path, web: WebService) -> AsyncIterator[tuple[World, NotifyDesk]]:
    file = state.parent / "integrations.yml"
    fields = f"type: jira, url: '{web.url}/api', username: me, token: t0ken"
    file.write_text(
        f"- {{name: kept, deliver: runner, {fields}}}\n- {{name: given, {fields}}}\n- {{name: other, {fields}}}\n"
    )
    file.chmod(0o600)
    async with world(state, JOBS) as made:
        inputs = Inputs(made.pipeline, read_integrations(file).integrations, made.engine.store, state)

        async def engine_of(build: BuildRow) -> Engine:
            return Engine(**{**{name: getattr(made.engine, name) for name in Engine.__slots__}, "inputs": inputs})

        found = NotifyDesk(made.engine.store, engine_of)
        async with await found.open():
            yield made, found


async def ask(state: Path, line: bytes, body: bytes = b"") -> tuple[Mapping[str, object], bytes]:
    connection = connect(state, SOCKET)
    os.set_blocking(connection.fileno(), False)
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=connection.detach()))
    writer.write(line + b"\n" + body)
    head = json.loads(await reader.readline())
    rest = await reader.read()
    writer.close()
    return head, rest


def request(own: str, **more: object) -> bytes:
    asked = {"token": own, "integration": "kept", "method": "POST", "path": "/issue", "headers": {}, "length": 0}
    return json.dumps({**asked, **more}).encode()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebService]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web_service() as service:
        yield service


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"integration": "other"}, "this job has no integration 'other'"),
    ({"integration": "given"}, "the integration 'given' is delivered to jobs: they send by themselves"),
    ({"path": "@evil.example/"}, "a path begins with a slash"),
    ({"path": "/issue/../../admin"}, "a path stays below the address of its integration"),
    ({"path": "/issue/%2E%2e/admin"}, "a path stays below the address of its integration"),
    ({"method": "DELETE"}, "DELETE is not sent"),
    ({"length": 1 << 30}, "it is larger than 32 MiB"),
    ({"length": "x"}, "this is no request of shipctl"),
    ({"headers": 5}, "this is no request of shipctl"),
    ({"token": "1.é"}, "the token of this job is unknown or its build has ended"),
    ({"token": "x"}, "the token of this job is unknown or its build has ended"),
    ({"token": "2.ab"}, "the token of this job is unknown or its build has ended"),
]


async def test_a_job_is_sent_for_with_its_own_integrations_until_it_has_ended(tmp_path: Path, web: WebService) -> None:
    state = tmp_path / "state"
    async with desk(state, web) as (made, found):
        row = await made.engine.store.add_build(made.run, "a", "a")
        _, token = found.variables(row.id)
        assert stat.S_IMODE((state / KEY).stat().st_mode) == 0o600
        head, body = await ask(state, request(token.value, length=2, headers={"Authorization": "mine"}), b"{}")
        assert (head, body) == ({"host": "127.0.0.1", "status": 200, "length": 2}, b"ok")
        (sent,) = web.requests
        assert (sent.path, sent.body) == ("/api/issue", b"{}")
        assert sent.headers["authorization"].startswith("Basic ")
        for more, sentence in REFUSED:
            assert await ask(state, request(token.value, **more)) == ({"error": sentence}, b"")
        for line in (b"no json", b"[" * 50_000, request(token.value, length=float("inf"))):
            assert (await ask(state, line))[0] == {"error": "this is no request of shipctl"}
        await made.engine.store.finish_build(row.id, BuildEnd(status="success", by="script"))
        assert "has ended" in str((await ask(state, request(token.value)))[0]["error"])
        assert len(web.requests) == 1


async def test_a_job_finds_the_desk_again_after_a_restart(tmp_path: Path, web: WebService) -> None:
    state = tmp_path / "state"
    async with desk(state, web) as (made, found):
        row = await made.engine.store.add_build(made.run, "a", "a")
        before = found.variables(row.id)
    async with desk(state, web) as (_, again):
        assert again.variables(row.id) == before
        assert (await ask(state, request(before[1].value)))[0]["status"] == 200


async def test_a_key_that_was_not_written_to_its_end_is_made_anew(tmp_path: Path, web: WebService) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / KEY).touch(0o600)
    async with desk(state, web):
        assert (state / KEY).stat().st_size == KEY_BYTES
        assert stat.S_IMODE((state / KEY).stat().st_mode) == 0o600
