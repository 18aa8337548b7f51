"""Clients of a service that runs in this very process."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from runner.daemon.service import Service
from runner.service.settings import Settings
from tests.daemon.running import serving

V1 = "/api/v1"
Json = Any


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Json
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.body["error"]["code"]


@dataclass(frozen=True, slots=True)
class Client:
    session: aiohttp.ClientSession
    base: str = "http://runner"

    async def call(
        self, method: str, path: str, body: Json = None, *, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """`path` below /api/v1."""
        data = None if body is None else io.BytesIO(json.dumps(body).encode())
        async with self.session.request(method, f"{self.base}{V1}{path}", data=data, headers=headers) as response:
            return Answered(response.status, await response.json(), response.headers)

    async def get(self, path: str) -> Answered:
        return await self.call("GET", path)

    async def post(self, path: str, body: Json = None) -> Answered:
        return await self.call("POST", path, body)


@asynccontextmanager
async def over_socket(path: Path) -> AsyncIterator[Client]:
    connector = aiohttp.UnixConnector(str(path), limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Client(session)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[Service, Client]]:
    """A service and its client on this host, the pipeline applied."""
    async with serving(settings) as service, over_socket(settings.server.socket) as client:
        for name in settings.pipelines:
            await service.pipelines.sync(name)
        yield service, client
