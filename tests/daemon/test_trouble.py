"""A service whose store or whose pipelines give trouble: nothing that was taken is lost, and it goes on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass, field
from dataclasses import replace as replace_in
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.errors import NotFoundError, StoreError
from runner.pipeline.files import Found
from runner.pipeline.model import Job
from runner.scheduling.rules import Rules
from runner.service.decisions import Facts
from runner.service.inputs import Inputs
from runner.service.pipelines import Fetched, PipelineFiles
from runner.service.settings import Hooks, PipelineSource
from runner.store import sqlite
from runner.store.queueing import Request
from runner.store.rows import BuildRow
from runner.store.sqlite import Transaction
from runner.store.store import Store
from runner.workspace.dependency import Dependency
from tests.api.clients import served
from tests.daemon.running import PATIENCE_S, Host, ended, heard, serving, until

ONE = """
resources:
  - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: none}}
jobs:
  - {name: a, type: runSh, steps: [{IN: img}, {TASK: {script: [pwd]}}]}
"""


async def test_while_the_database_is_locked_the_service_answers_and_afterwards_it_goes_on(host: Host) -> None:
    host.write(ONE)
    async with served(host.settings) as (service, client):
        with closing(sqlite3.connect(host.directory / "state" / "runner.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(client.post("/resources/img/versions", {"versionName": "v1"}))
                files = {"files": [{"name": "shippable.yml", "text": "jobs: []"}]}
                assert (await client.post("/validate", files)).body["refused"] is False
                async with client.session.get("http://runner/healthz") as health:
                    assert await health.json() == {"state": "ready", "reasons": []}
                assert not sending.done()
                other.execute("ROLLBACK")
            assert sending.result().body == {"changed": True}
        assert (await ended(service, "a")).status == "success"


class LockedOut(Inputs):
    """The first time that a build asks for its inputs, another process has the database, for longer than is waited."""

    failed: StoreError | None = None

    async def of(self, job: Job, build: BuildRow) -> tuple[Dependency, ...]:
        if self.failed is not None:
            return await super().of(job, build)
        assert isinstance(self._store, Store)
        with closing(sqlite3.connect(self._store.directory / "runner.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            try:
                return await super().of(job, build)
            except StoreError as error:
                self.failed = error
                raise


async def test_a_build_that_is_prepared_while_the_database_is_locked_for_long_is_none_the_worse(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.05)
    host.write(ONE)
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        engines = service.engines
        locked_out = LockedOut(engines.current.pipeline, {}, service.store, host.directory)
        make = engines.make
        engines.make = lambda project: replace_in(make(project), inputs=locked_out)
        engines.apply(engines.graph, engines.current)
        await service.orders.run("a", Request())
        assert (await ended(service, "a")).status == "success"
        assert "locked" in str(locked_out.failed)


def test_while_the_disk_is_full_nothing_is_lost_and_what_ends_then_is_recorded_later(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    small = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=3m tmpfs "$0/state" && exec "$@"', str(tmp_path)]
    if subprocess.run([*small, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this host lets nobody mount a small disk")
    program = [sys.executable, "-m", "tests.daemon.on_full_disk", str(tmp_path)]
    said = subprocess.run([*small, *program], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    taken, there, ran, *reads = said.stdout.splitlines()[-1].split()
    assert (there, reads) == (taken, ["success"])
    assert ran in ("success", "error")  # its supervisor may have had no room for the result


async def test_what_was_recorded_is_carried_out_though_nobody_waits_for_it_any_more(host: Host) -> None:
    host.write(ONE)
    async with serving(host.settings) as service:
        entered, leave, heard_of = threading.Event(), threading.Event(), asyncio.Event()

        def change(tx: Transaction, rules: Rules) -> Facts[None]:
            entered.set()
            leave.wait(PATIENCE_S)
            return Facts(None)

        async with asyncio.TaskGroup() as group:
            deciding = group.create_task(service.decisions.decide(change, lambda decided: heard_of.set()))
            await asyncio.to_thread(entered.wait)
            deciding.cancel()
            leave.set()
        assert deciding.cancelled()
        await asyncio.wait_for(heard_of.wait(), PATIENCE_S)


@dataclass
class Files:
    """Files of a pipeline that are read as long as the test wants; then there is `error`, or nothing in them."""

    error: Exception | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    told: str = "a test"

    async def fetch(self, *, update_references: bool = False) -> Fetched:
        self.entered.set()
        await self.leave.wait()
        if self.error is not None:
            raise self.error
        return Fetched(revision="1", found=Found((), ()))


async def test_a_pipeline_that_new_settings_drop_while_it_is_read_ends_nothing(host: Host) -> None:
    host.write(ONE)
    async with serving(host.settings) as service:
        files: PipelineFiles = (reading := Files())
        service.pipelines.watched = {"shop": files}
        async with asyncio.TaskGroup() as group:
            synced = group.create_task(dropped(service))
            await reading.entered.wait()
            await service.take_over(replace(host.settings, pipelines={}))
            reading.leave.set()
        assert "there is no pipeline shop" in synced.result()
        assert await service.questions.pipelines() == []
        service.watching.look_at("shop")  # a push that comes a moment too late


async def dropped(service: Service) -> str:
    with pytest.raises(NotFoundError) as error:
        await service.pipelines.sync("shop")
    return str(error.value)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RecursionError("too deep")])
async def test_a_pipeline_that_cannot_be_read_leaves_the_others_alone(host: Host, error: Exception) -> None:
    host.write(ONE)
    other = PipelineSource(path=host.directory / "shop", poll=timedelta(hours=1))
    (host.directory / "none").mkdir()
    none = PipelineSource(path=host.directory / "none", poll=timedelta(hours=1))
    async with serving(replace(host.settings, pipelines={"shop": other, "none": none})) as service:
        bad = Files(error)
        bad.leave.set()
        service.pipelines.watched = {**service.pipelines.watched, "none": bad}
        service.watching.look_at("none")
        await bad.entered.wait()
        await service.orders.run("a", Request())
        assert (await ended(service, "a")).status == "success"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a job as another user")
async def test_a_build_waits_for_the_user_that_the_one_before_has_not_given_back_yet(host: Host) -> None:
    hooks = host.directory / "hooks"
    (hooks / "post-build").mkdir(parents=True)
    pipe, go = host.pipe("ending"), host.directory / "go"
    hook = hooks / "post-build" / "wait"
    hook.write_text(f"#!/bin/sh\ntest $RUNNER_BUILD_NUMBER = 2 && exit\necho > {pipe}\nread line < {go}\n", "utf-8")
    hook.chmod(0o755)
    os.mkfifo(go)
    for place in (host.directory, *host.directory.parents[:-1]):
        place.chmod(place.stat().st_mode | 0o011)
    host.write(ONE)
    own = 100_000 + os.getpid()  # no other process of tests on this host has it
    one_user = replace(host.settings.jobs, users=(f"{own}:{own}",))
    settings = replace(host.settings, jobs=one_user, pools={"default": 1}, hooks=Hooks(directory=hooks))
    async with serving(settings) as service:
        first, second = await service.orders.run("a", Request()), await service.orders.run("a", Request())
        await heard(pipe)
        assert (await service.questions.build(first.id)).status == "success"

        async def given_out() -> bool | None:
            return (await service.questions.build(second.id)).attempt is not None or None

        await until(service, given_out)
        await asyncio.to_thread(go.write_text, "go\n")
        row = await ended(service, "a", 2)
        assert (row.status, row.reason) == ("success", None)
