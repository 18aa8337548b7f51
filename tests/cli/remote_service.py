"""A service on a thread of its own, and the `runner` command in this process that speaks to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
import pytest

from runner.cli import main
from runner.service.operator_log import OperatorLog
from runner.service.settings import Address, Settings
from tests.daemon.running import PATIENCE_S, Host, serving
from tests.runner_command import RUNNER, Said

LOOPBACK = Address("127.0.0.1", 0)


@dataclass(slots=True)
class ServiceThread:
    """`tcp` is its address on a free port."""

    host: Host
    tcp: str = ""
    _loop: asyncio.AbstractEventLoop | None = None
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.host.directory}/api.sock"

    def start(self) -> None:
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="service", daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def stop(self) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE_S)

    async def _serve(self) -> None:
        settings = self.host.settings
        settings = msgspec.structs.replace(
            settings, server=msgspec.structs.replace(settings.server, listen=(LOOPBACK,))
        )
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        with (self.host.directory / "service.log").open("a") as out, OperatorLog(settings.log, out=out):
            await self._serve_with(settings)

    async def _serve_with(self, settings: Settings) -> None:
        async with serving(settings) as service:
            (address,) = service.listeners.addresses
            self.tcp = f"http://{address}"
            self._ready.set()
            await self._over.wait()


@contextmanager
def running(host: Host) -> Iterator[ServiceThread]:
    service = ServiceThread(host)
    service.start()
    try:
        yield service
    finally:
        service.stop()


@dataclass(frozen=True, slots=True)
class Command:
    """`runner …` in this process, as its console script would run it."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, **environ: str) -> Said:
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["runner", *arguments])
            for name, value in environ.items():
                patch.setenv(name, value)
            self.capsys.readouterr()
            try:
                main.main()
            except SystemExit as exit_:
                code = exit_.code
            out, err = self.capsys.readouterr()
        return Said(code if isinstance(code, int) else 0, out, err)


class ServiceProcess:
    """`runner serve` as people start it, over restarts."""

    def __init__(self, host: Host) -> None:
        self.url = f"unix://{host.directory}/api.sock"
        self._host = host
        self._process: subprocess.Popen[str] | None = None

    def start(self, until: str) -> None:
        """Until its log says this."""
        _ = self._host.settings  # writes the file
        self._process = subprocess.Popen(
            [RUNNER, "serve", self._host.directory / "shop", "--config", self._host.directory / "runner.toml"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert any(until in line for line in self._process.stdout)

    def stop(self) -> None:
        """As systemd stops it."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=PATIENCE_S)
            self._process = None
