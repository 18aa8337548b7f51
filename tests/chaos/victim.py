"""A service that is killed and started again: `runner serve` on a state directory of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.killing import is_runner, pid_in
from tests.chaos.world import RUNNER, World

END_S = 5.0
"""How long a service may take to end after SIGTERM, its builds left to their supervisors."""
SLOWNESS = 4.0
"""How much longer than promised something may take on a machine that does much else."""
POOL = 50


@dataclass
class Victim:
    """`restarts` counts the starts but for the first; `killed` are the builds whose supervisors were killed."""

    world: World
    restarts: int = 0
    killed: set[int] = field(default_factory=set)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        return self.world.directory / "state"

    @property
    def socket(self) -> Path:
        return self.world.directory / "api.sock"

    @property
    def said(self) -> Path:
        """What it tells its operators."""
        return self.world.directory / "service.log"

    @property
    def pipeline(self) -> Path:
        return self.world.directory / "shop" / "shippable.yml"

    def write(self, document: dict[str, Any]) -> None:
        """The pipeline, whole at any moment."""
        self.pipeline.parent.mkdir(exist_ok=True)
        temporary = self.world.directory / "shippable.tmp"
        temporary.write_text(json.dumps(document), "utf-8")
        temporary.rename(self.pipeline)

    def start(self) -> None:
        settings = self.world.directory / "runner.toml"
        settings.write_text(
            f'state_dir = "{self.state}"\n[server]\nsocket = "{self.socket}"\n[pools]\ndefault = {POOL}\n'
            f'[jobs]\ngrace = "1s"\n[log]\nformat = "json"\n[pipelines.shop]\npath = "{self.pipeline.parent}"\n',
            "utf-8",
        )
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [RUNNER, "serve", "--config", settings], stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )

    async def again(self, number: signal.Signals) -> None:
        """End it with this signal, and start it again."""
        self.end(number)
        await self.ended(number)
        self.restarts += 1
        self.start()

    async def hurried(self) -> None:
        """SIGKILL in the middle of its start, several times."""
        for _ in range(self.world.random.randint(2, 4)):
            await self.again(signal.SIGKILL)
            await asyncio.sleep(self.world.random.uniform(0, 0.9))

    async def stopped(self) -> None:
        """SIGSTOP for some seconds."""
        self.send(signal.SIGSTOP)
        await asyncio.sleep(self.world.random.uniform(0.1, 3))
        self.send(signal.SIGCONT)

    def end(self, number: signal.Signals) -> None:
        if self.is_alive():
            self.send(number)

    def is_alive(self) -> bool:
        """It must be, as long as nobody has ended it."""
        assert self._process is not None
        if (status := self._process.poll()) is not None:
            self.world.lose(f"the service has ended by itself with status {status}: {self._last_words()}")
        return status is None

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self.world.fault(f"{number.name} for the service")
        self._process.send_signal(number)

    async def ended(self, number: signal.Signals) -> None:
        """Once it has, which is soon."""
        process = self._process
        assert process is not None
        try:
            status = await asyncio.to_thread(process.wait, END_S * SLOWNESS)
        except subprocess.TimeoutExpired:
            self.world.lose(f"the service has not ended {END_S * SLOWNESS:.0f} s after {number.name}")
            process.kill()
            status = await asyncio.to_thread(process.wait)
        # SIGTERM in the first moments of a start finds a program that obeys no signals yet.
        good = (-signal.SIGKILL,) if number is signal.SIGKILL else (0, -signal.SIGTERM)
        self.world.expect(status in good, f"after {number.name} it ended with status {status}: {self._last_words()}")

    def kill_a_supervisor(self) -> None:
        """Of one of the newest builds."""
        builds = self.state / "builds"
        newest = sorted(map(int, os.listdir(builds)) if builds.exists() else (), reverse=True)[: 2 * POOL]
        running = [(build, pid) for build in newest if (pid := pid_in(builds / str(build) / "lock")) is not None]
        living = [(build, pid) for build, pid in running if is_runner(pid)]
        if living:
            build, pid = self.world.random.choice(living)
            self.killed.add(build)
            self.world.fault(f"SIGKILL for the supervisor of build {build}")
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def give_up(self) -> None:
        """Leave nothing of it alive."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        return self.said.read_text("utf-8", "replace")[-2000:]
