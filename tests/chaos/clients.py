"""Clients of a service that comes and goes: what they ask for, and what it has promised them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import aiohttp

AGAIN_S = 0.05
ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; status 0: there was none, and nobody knows what was done."""

    status: int
    body: Any = None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class Line:
    """A connection over the unix socket."""

    def __init__(self, socket: Path) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(socket), limit=0), timeout=aiohttp.ClientTimeout(total=ANSWER_S)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self._session.close()

    async def once(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        try:
            async with self._session.request(
                method, f"http://runner/api/v1{path}", json=body, headers=headers
            ) as response:
                return Said(response.status, await response.json())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return Said(0)

    async def surely(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        """Again and again, until the service takes it or refuses it for good."""
        while True:
            said = await self.once(method, path, body, headers)
            if 0 < said.status < 500:
                return said
            await asyncio.sleep(AGAIN_S)


@dataclass
class Promised:
    """What the service has taken. `versions` and `sent_again` by resource; `doubtful`: runs that it did not answer;
    `refusals` should not have happened."""

    versions: Counter[str] = field(default_factory=Counter)
    sent_again: int = 0
    runs: list[int] = field(default_factory=list)
    doubtful: int = 0
    cancelled: set[int] = field(default_factory=set)
    while_resumed: int = 0
    changes: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def triggers(self) -> int:
        return self.versions.total() + len(self.runs) + self.changes

    def take(self, said: Said, what: str) -> bool:
        if not said.good:
            self.refusals.append(f"{what} was refused with {said.status}: {said.body}")
        return said.good


@dataclass
class Clients:
    """Everybody who wants something of the service, until `ending` is set. `pace`: the longest pause of one of them in
    seconds; `burst`: how many orders it then gives; `most`: nothing new is asked for while more builds are open; `open`
    and `running` are those of the last look, `slots` how many may run."""

    line: Line
    promised: Promised
    random: Random
    write: Callable[[int], None]
    pace: float
    burst: int
    most: int
    slots: int
    open: int = 0
    running: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, resources: tuple[str, ...]) -> None:
        async with asyncio.TaskGroup() as group:
            for resource in resources:
                group.create_task(self._push(resource))
            for work in (self._look, self._order, self._cancel, self._hold_back, self._change):
                group.create_task(work())

    async def send(self, resource: str) -> bool:
        """One version, under one key until it is taken."""
        number = self.promised.versions[resource] + 1
        body, key = {"versionName": f"v{number}"}, {"Idempotency-Key": f"{resource} {number}"}
        said = await self.line.surely("POST", f"/resources/{resource}/versions", body, key)
        if not self.promised.take(said, f"version {number} of {resource}"):
            return False
        self.promised.versions[resource] += 1
        if self.random.random() < 0.1:
            again = await self.line.surely("POST", f"/resources/{resource}/versions", body, key)
            self.promised.sent_again += 1
            if again.body != {"changed": False}:
                self.promised.refusals.append(f"version {number} of {resource} was taken twice: {again}")
        return True

    async def _push(self, resource: str) -> None:
        while await self._pause():
            for _ in range(self.random.randint(1, self.burst)):
                await self.send(resource)

    async def _order(self) -> None:
        """Builds by hand, which fill the slots: there is no key, so what is not answered is in doubt."""
        while not self.ending.is_set():
            await self._wait(self.random.uniform(0, self.pace))
            if self.running >= self.slots or self.open >= self.most + 2 * self.slots:
                continue
            for _ in range(self.random.randint(1, self.burst)):
                said = await self.line.once("POST", "/jobs/slow/run", {})
                if said.good:
                    self.promised.runs.append(said.body["id"])
                elif said.status == 0 or said.status >= 500:
                    self.promised.doubtful += 1
                else:
                    self.promised.take(said, "a run of slow")

    async def _cancel(self) -> None:
        while await self._pause():
            if self.promised.runs and self.random.random() < 0.5:
                build = self.random.choice(self.promised.runs[-8:])
                self.promised.cancelled.add(build)
                said = await self.line.surely("POST", f"/builds/{build}/cancel", {"reason": "not wanted"})
                self.promised.take(said, f"the cancellation of build {build}")

    async def _hold_back(self) -> None:
        """What comes while the job is paused starts nothing, what comes afterwards does."""
        while await self._pause():
            paused = await self.line.surely("POST", "/jobs/hold/pause", {})
            if self.promised.take(paused, "a pause"):
                await self.send("held_in")
            resumed = await self.line.surely("POST", "/jobs/hold/resume", {})
            if self.promised.take(resumed, "a resumption"):
                self.promised.while_resumed += await self.send("held_in")

    async def _change(self) -> None:
        """A new value of the trigger in the file."""
        while await self._pause():
            self.write(self.promised.changes + 1)
            said = await self.line.surely("POST", "/pipelines/shop/sync", {})
            if self.promised.take(said, "a look at the pipeline"):
                self.promised.changes += 1
                if said.body["refused"]:
                    self.promised.refusals.append(f"the file was refused: {said.body['problems']}")

    async def _look(self) -> None:
        while not self.ending.is_set():
            said = await self.line.once("GET", "/service")
            if said.good:
                self.open = sum(said.body["builds"].values())
                self.running = said.body["builds"].get("processing", 0)
            await self._wait(0.5)

    async def _pause(self) -> bool:
        """False once it is over."""
        await self._wait(self.random.uniform(0, self.pace))
        while self.open >= self.most and not self.ending.is_set():
            await self._wait(0.2)
        return not self.ending.is_set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.ending.wait()
        except TimeoutError:
            return
