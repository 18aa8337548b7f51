"""The time limit of a job: from the file to the supervisor, and what a build that runs out of it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

from jobs.registry import JOB_TYPES
from runner.execution.launcher import LocalLauncher, Spec, Supervised
from runner.pipeline.model import In, Pipeline
from runner.pipeline.reader import SourceFile, read
from runner.service.build import Build
from runner.service.credentials import NoRoles
from runner.service.engine import Engine
from runner.service.inputs import Inputs
from runner.service.ports import Host
from runner.store.store import Store

TEXT = """
    resources: [{name: img, type: image, versionTemplate: {sourceName: s, versionName: v0}}]
    jobs:
      - name: a
        type: runSh
        runtime: {timeoutMinutes: 3}
        steps:
          - {OUT: img, on_failure: true}
          - TASK:
              script:
                - echo kept > "$JOB_STATE/file"
                - echo versionName=v1 >> "$JOB_STATE/img.env"
                - sleep 60
        always: {script: [touch "$SHARED_DIR/../../../hook"]}
"""


@dataclass
class Hurried:
    """Starts supervisors as always, with less time than was asked for."""

    limit: timedelta
    asked: list[timedelta] = field(default_factory=list)

    async def start(self, spec: Spec) -> Supervised:
        self.asked.append(spec.limit)
        return await LocalLauncher().start(replace(spec, limit=self.limit))

    async def adopt(self, place: Path) -> Supervised | None:
        return await LocalLauncher().adopt(place)


@asynccontextmanager
async def engine(place: Path, pipeline: Pipeline, launcher: Hurried) -> AsyncIterator[Engine]:
    store = Store(place)
    await store.open()
    try:
        await store.sync(pipeline)
        yield Engine(
            store=store,
            jobs=pipeline.jobs,
            inputs=Inputs(pipeline, {}, store, place),
            job_types=JOB_TYPES,
            launcher=launcher,
            credentials=NoRoles(),
            host=Host(base={"PATH": "/usr/bin:/bin"}, commands=place, machine="x", user="u"),
        )
    finally:
        await store.close()


def hooks_run(place: Path) -> bool:
    return any(place.rglob("hook"))


async def test_a_build_that_runs_out_of_time_saves_and_publishes_nothing(tmp_path: Path) -> None:
    pipeline = read([SourceFile("shippable.yml", dedent(TEXT))]).pipeline
    launcher = Hurried(timedelta(seconds=1))
    async with engine(tmp_path, pipeline, launcher) as found:
        run = await found.store.runs.begin("digest")
        build = Build(found, pipeline.jobs["a"], await found.store.add_build(run.id, "a", "a"))
        build.begin()
        ended = await build.run()
        await found.store.runs.end(run)
        image, job = await found.store.select([*pipeline.jobs["a"].outs, In(name="a", place=pipeline.jobs["a"].place)])
        assert await found.store.previous_state("a") == ()
    assert launcher.asked == [timedelta(minutes=3)]
    assert (ended.status, ended.published) == ("timeout", frozenset())
    assert image.version is not None
    assert image.version.name == "v0"
    assert job.version is None
    assert not hooks_run(tmp_path)
