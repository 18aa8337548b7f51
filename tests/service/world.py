"""One pipeline with a store and an engine of its own, whose builds are run one by one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from jobs.registry import JOB_TYPES
from runner.execution.launcher import LocalLauncher
from runner.integrations.model import Integration
from runner.pipeline.model import Pipeline
from runner.pipeline.reader import SourceFile, read
from runner.service.build import Build
from runner.service.credentials import NoRoles
from runner.service.engine import Engine
from runner.service.inputs import Inputs
from runner.service.ports import Ended, Host
from runner.store.store import Store


@dataclass(frozen=True)
class World:
    engine: Engine
    pipeline: Pipeline
    run: int

    async def build(self, job: str) -> Build:
        """A build that can be run."""
        row = await self.engine.store.add_build(self.run, job, job)
        build = Build(self.engine, self.pipeline.jobs[job], row)
        build.begin()
        return build

    async def built(self, job: str) -> Ran:
        build = await self.build(job)
        return Ran(await build.run(), build.journal.path)


@dataclass(frozen=True)
class Ran:
    """A build that has ended, and its log."""

    ended: Ended
    log: Path

    @property
    def place(self) -> Path:
        return self.log.parent

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    @property
    def lines(self) -> list[str]:
        """What the scripts printed."""
        shells = {record["id"] for record in self.records if record["type"] == "command"}
        return [r["text"] for r in self.messages if "level" not in r and r.get("parent") in shells]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [record for record in self.records if record["type"] == "message"]

    @property
    def warnings(self) -> list[str]:
        return [record["text"] for record in self.messages if record.get("level") == "warning"]


def _made(place: Path) -> Path:
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@asynccontextmanager
async def world(
    place: Path, text: str, integrations: Mapping[str, Integration] | None = None, **more: Any
) -> AsyncIterator[World]:
    """`more` are fields of the Engine."""
    pipeline = read([SourceFile("shippable.yml", dedent(text))]).pipeline
    store = Store(_made(place))
    await store.open()
    try:
        await store.sync(pipeline)
        fields = {
            "job_types": JOB_TYPES,
            "launcher": LocalLauncher(),
            "credentials": NoRoles(),
            "host": Host(base={"PATH": "/usr/bin:/bin"}, commands=place, machine="x", user="u"),
        }
        inputs = Inputs(pipeline, integrations or {}, store, place / "keys")
        engine = Engine(store=store, jobs=pipeline.jobs, inputs=inputs, **{**fields, **more})
        run = await store.runs.begin("digest")
        yield World(engine, pipeline, run.id)
        await store.runs.end(run)
    finally:
        await store.close()
