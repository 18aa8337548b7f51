"""What a service costs with much in its store: memory, decisions, and how soon it answers whatever it is busy with."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from msgspec.structs import replace

from bench.dispatch import bare_commits, percentile
from bench.figures import PYTHON, RUNNER, Figure
from runner.daemon.opening import open_service
from runner.daemon.service import Service
from runner.scheduling.events import Asked, Withdrawn
from runner.service.decisions import Facts
from runner.service.settings import PipelineSource, Settings
from runner.service.settings_reading import read_settings
from runner.store.ends import withdraw
from runner.store.views import open_builds

BUILDS = 10_000
DECISIONS, ANSWERS = 200, 1000
LOCKED_S = 32.0
"""Longer than a change waits for a locked database before it is refused."""
PIPELINE = """
resources:
  - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: none}}
jobs:
  - {name: a, type: runSh, steps: [{TASK: {script: [sleep 600]}}]}
  - {name: b, type: runSh, dependencyMode: immediate, steps: [{IN: img}, {TASK: {script: [sleep 600]}}]}
"""
BARE = "import asyncio, aiohttp\nprint(open('/proc/self/status').read())"
IMPORTS = "Python with asyncio and aiohttp"


@dataclass(frozen=True, slots=True)
class Served:
    """A service in its own process."""

    process: subprocess.Popen[bytes]
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        async with self.session.request(method, f"http://runner{path}", json=body) as response:
            return await response.json()

    def megabytes(self) -> float:
        return resident(Path(f"/proc/{self.process.pid}/status").read_text())


def service(directory: Path) -> list[Figure]:
    place = directory / "service"
    (place / "shop").mkdir(parents=True)
    (place / "shop" / "shippable.yml").write_text(PIPELINE, "utf-8")
    commits = bare_commits(place)
    bare = resident(subprocess.run([PYTHON, "-c", BARE], capture_output=True, text=True, check=True).stdout)
    return asyncio.run(_measure(place, commits, bare))


async def _measure(place: Path, commits: Sequence[float], bare: float) -> list[Figure]:
    settings = _settings(place)
    async with _serving(settings, place) as served:
        empty = served.megabytes()
        idle = await _answers(served, ANSWERS)
    await _with_history(settings)
    async with _serving(settings, place) as served:
        history = served.megabytes()
    decisions = await _queue(settings)
    async with _serving(settings, place) as served:
        queued = await _busy(served)
        full = served.megabytes()
        locked = await _locked(served, settings)
        await _drain(served)
    return [
        _memory("service, resident when idle", empty, bare, "< 120 MB"),
        _memory(f"service, resident with {BUILDS} ended builds", history, bare, "< 120 MB"),
        _memory(f"service, resident with {BUILDS} queued builds", full, bare, ""),
        Figure(
            what=f"decision with {BUILDS} queued builds, p99",
            measured=percentile(decisions, 99),
            floor=percentile(commits, 99),
            unit="ms",
            aim="",
            floor_is="bare sqlite3 commit, p99",
        ),
        _health(f"/healthz, {BUILDS} queued and versions coming, p99", queued, idle),
        _health("/healthz, database locked by another, p99", locked, idle),
    ]


def _memory(what: str, measured: float, bare: float, aim: str) -> Figure:
    return Figure(what=what, measured=measured, floor=bare, unit="MB", aim=aim, floor_is=IMPORTS)


def _health(what: str, measured: Sequence[float], idle: Sequence[float]) -> Figure:
    floor = percentile(idle, 99)
    return Figure(
        what=what, measured=percentile(measured, 99), floor=floor, unit="ms", aim="< 100 ms", floor_is="idle, p99"
    )


def resident(status: str) -> float:
    """Megabytes of what /proc/PID/status says."""
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _settings(place: Path) -> Settings:
    file = place / "runner.toml"
    file.write_text(
        f'state_dir = "{place}/state"\n[server]\nsocket = "{place}/api.sock"\n[jobs]\ngrace = "1s"\n'
        f'[pipelines.shop]\npath = "{place}/shop"\n',
        "utf-8",
    )
    source = PipelineSource(path=place / "shop", poll=timedelta(minutes=1))
    return replace(read_settings(file, {}).settings, pipelines={"shop": source})


@asynccontextmanager
async def _serving(settings: Settings, place: Path) -> AsyncIterator[Served]:
    """`runner serve`, from when it has looked at its pipeline until SIGTERM has ended it."""
    process = _start(place)
    connector = aiohttp.UnixConnector(str(settings.server.socket), limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            served = Served(process, session)
            await _ready(served)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait)


def _start(place: Path) -> subprocess.Popen[bytes]:
    with (place / "said").open("ab") as said:
        command: list[str | Path] = [RUNNER, "serve", "--config", place / "runner.toml"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)


async def _ready(served: Served) -> None:
    while served.process.poll() is None:
        try:
            await served.ask("POST", "/api/v1/pipelines/shop/sync", {})
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the service has ended with status {served.process.returncode}")


async def _answers(served: Served, times: int) -> list[float]:
    """Milliseconds of each answer of /healthz, one after another."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await served.ask("GET", "/healthz")
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _busy(served: Served) -> list[float]:
    """The same while two clients send versions as fast as they are taken."""

    async def send() -> None:
        while True:
            await served.ask("POST", "/api/v1/resources/img/versions", {"versionName": "v"})

    async with asyncio.TaskGroup() as group:
        senders = [group.create_task(send()) for _ in range(2)]
        taken = await _answers(served, ANSWERS)
        for sender in senders:
            sender.cancel()
    return taken


async def _locked(served: Served, settings: Settings) -> list[float]:
    """The same while another process has the database, and a version waits for it."""
    database = sqlite3.connect(settings.state_dir / "runner.db", isolation_level=None)
    with closing(database):
        database.execute("BEGIN IMMEDIATE")
        until, taken = time.monotonic() + LOCKED_S, []
        async with asyncio.TaskGroup() as group:
            group.create_task(served.ask("POST", "/api/v1/resources/img/versions", {"versionName": "locked"}))
            while time.monotonic() < until:
                taken += await _answers(served, 20)
            database.execute("ROLLBACK")
    return taken


async def _drain(served: Served) -> None:
    """Until nothing runs any more."""
    await served.ask("POST", "/api/v1/service/drain", {"on": True, "now": True})
    while (await served.ask("GET", "/api/v1/service"))["builds"].get("processing"):  # noqa: ASYNC110
        await asyncio.sleep(0.1)  # it is another process that we wait for


async def _with_history(settings: Settings) -> None:
    async with _opened(settings) as opened:
        decide = opened.decisions.decide
        await decide(lambda tx, rules: Facts(None, [Asked("a")] * BUILDS))
        await decide(
            lambda tx, rules: Facts(
                None, [Withdrawn(row.id) for row in open_builds(tx) if withdraw(tx, row.id, "not wanted", "user")]
            )
        )


async def _queue(settings: Settings) -> list[float]:
    """Milliseconds of each of the last decisions that queue a build."""
    async with _opened(settings) as opened:
        await opened.decisions.decide(lambda tx, rules: Facts(None, [Asked("a")] * (BUILDS - DECISIONS)))
        taken = []
        for _ in range(DECISIONS):
            began = time.perf_counter()
            await opened.decisions.decide(lambda tx, rules: Facts(None, [Asked("a")]))
            taken.append((time.perf_counter() - began) * 1000)
        return taken


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Service]:
    """A service in this process that gives out nothing."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with AsyncExitStack() as stack:
        yield await open_service(stack, settings, {})
