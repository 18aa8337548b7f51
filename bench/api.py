"""What the service costs whoever asks it: health, the time from an order to its job, many who follow one log."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.dispatch import percentile
from bench.figures import RUNNER, Figure

ASKED, ORDERED, FOLLOWERS, LINES = 1000, 40, 200, 20_000
ASK = """
import socket, sys, time
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
for _ in range(300):
    began = time.perf_counter()
    connection.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: runner\\r\\n\\r\\n")
    connection.recv(65536)
    print((time.perf_counter() - began) * 1000)
"""
PIPELINE = """
jobs:
  - name: quick
    type: runSh
    steps: [TASK: {{script: ['echo > {pipe}']}}]
  - name: talk
    type: runSh
    steps: [TASK: {{script: ['read -r go < {pipe}', 'seq {lines}']}}]
"""


def api(directory: Path) -> list[Figure]:
    place = directory / "api"
    (place / "shop").mkdir(parents=True)
    pipe = place / "pipe"
    os.mkfifo(pipe)
    (place / "shop" / "shippable.yml").write_text(PIPELINE.format(pipe=pipe, lines=LINES))
    (place / "runner.toml").write_text(
        f'state_dir = "{place}/state"\n[server]\nsocket = "{place}/s"\n[pipelines.shop]\npath = "{place}/shop"\n'
    )
    return asyncio.run(_measure(place, pipe))


async def _measure(place: Path, pipe: Path) -> list[Figure]:
    health_floor = await _echoes(place)
    start_floor = [await asyncio.to_thread(_bare_start, pipe) for _ in range(ORDERED)]
    async with _service(place) as session:
        health = await _asked(session, ASKED)
        starts = [await _started(session, pipe) for _ in range(ORDERED)]
        one, _ = await _followed(session, place, pipe, 1)
        many, under_load = await _followed(session, place, pipe, FOLLOWERS)
    return [
        *(_figure("GET /healthz", health, health_floor, "echo over a unix socket", each) for each in (50, 99)),
        *(_figure("order to first line of its job", starts, start_floor, "bash -ec", each) for each in (50, 99)),
        _figure(f"GET /healthz beside {FOLLOWERS} followers", under_load, health_floor, "echo", 99),
        Figure(
            what=f"a log of {LINES} lines, {FOLLOWERS} followers",
            measured=many,
            floor=one,
            unit="ms",
            aim="",
            floor_is="one follower",
        ),
    ]


def _figure(what: str, taken: list[float], floor: list[float], floor_is: str, percent: int) -> Figure:
    return Figure(
        what=f"{what}, p{percent}",
        measured=percentile(taken, percent),
        floor=percentile(floor, percent),
        unit="ms",
        aim="",
        floor_is=floor_is,
    )


@asynccontextmanager
async def _service(place: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a service in a process of its own."""
    with (place / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            RUNNER, "serve", "--config", place / "runner.toml", stdout=log, stderr=log
        )
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(place / "s"), limit=0)) as session:
            async with asyncio.timeout(60):
                while not await _has_jobs(session):  # noqa: ASYNC110  (nothing says when it has read its files)
                    await asyncio.sleep(0.05)
            yield session
    finally:
        process.terminate()
        await process.wait()


async def _has_jobs(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("http://runner/api/v1/jobs") as answer:
            return bool((await answer.json())["jobs"])
    except aiohttp.ClientConnectionError:
        return False


async def _asked(session: aiohttp.ClientSession, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        async with session.get("http://runner/healthz") as answer:
            await answer.read()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _asked_elsewhere(place: Path) -> list[float]:
    """The same from another process: this one is busy with what the followers get."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, place / "s", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return [float(text) for text in out.split()]


async def _ordered(session: aiohttp.ClientSession, job: str) -> int:
    async with session.post(f"http://runner/api/v1/jobs/{job}/run") as answer:
        return int((await answer.json())["id"])


async def _started(session: aiohttp.ClientSession, pipe: Path) -> float:
    began = time.perf_counter()
    build = await _ordered(session, "quick")
    await asyncio.to_thread(pipe.read_bytes)
    taken = (time.perf_counter() - began) * 1000
    await _read(session, build)
    return taken


async def _read(session: aiohttp.ClientSession, build: int) -> int:
    async with session.get(f"http://runner/api/v1/builds/{build}/log?follow=true", timeout=None) as answer:
        return sum([len(data) async for data in answer.content.iter_any()])


async def _followed(
    session: aiohttp.ClientSession, place: Path, pipe: Path, followers: int
) -> tuple[float, list[float]]:
    """From the first line to the last byte at the last follower, in ms; and how health was answered meanwhile."""
    build = await _ordered(session, "talk")
    async with asyncio.TaskGroup() as group:
        reading = [group.create_task(_read(session, build)) for _ in range(followers)]
        await asyncio.to_thread(pipe.write_text, "go\n")
        began = time.perf_counter()
        health = group.create_task(_asked_elsewhere(place))
        await asyncio.wait(reading)
        taken = (time.perf_counter() - began) * 1000
    assert len({task.result() for task in reading}) == 1  # noqa: S101  (everybody got the same)
    return taken, health.result()


async def _echoes(place: Path) -> list[float]:
    """Milliseconds of each of many round trips over a unix socket."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    taken = []
    async with await asyncio.start_unix_server(echo, str(place / "echo")):
        reader, writer = await asyncio.open_unix_connection(str(place / "echo"))
        for _ in range(ASKED):
            began = time.perf_counter()
            writer.write(b"health\n")
            await reader.readline()
            taken.append((time.perf_counter() - began) * 1000)
        writer.close()
    return taken


def _bare_start(pipe: Path) -> float:
    began = time.perf_counter()
    with subprocess.Popen(["bash", "-ec", f"echo > {pipe}"]) as process:
        pipe.read_bytes()
        process.wait()
    return (time.perf_counter() - began) * 1000
