"""A service from the change of a file to the builds that follow, over restarts."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace

from runner.errors import ConflictError, UsageError
from runner.scheduling.rules import Rules
from runner.service.decisions import Facts
from runner.service.settings import PipelineSource, Retention
from runner.store.clock import now
from runner.store.queueing import Request
from runner.store.sqlite import Transaction
from tests.daemon.running import Host, ended, heard, serving

CHAIN = """
resources:
  - {{name: img, type: image, versionTemplate: {{sourceName: a/b, versionName: none}}}}
  - {{name: go, type: trigger, versionTemplate: {{counter: {counter}}}}}
jobs:
  - name: build
    type: runSh
    steps:
      - IN: go
      - OUT: img
      - TASK: {{script: [shipctl put_resource_state img versionName "1.$BUILD_NUMBER"]}}
  - name: deploy
    type: runSh
    steps:
      - IN: img
      - TASK: {{script: [test "$IMG_VERSIONNAME" = 1.1]}}
"""
ONE = """
jobs:
  - name: a
    type: runSh
    steps:
      - TASK: {{script: ['{script}']}}
"""


async def test_a_change_of_a_trigger_starts_its_job_and_what_that_publishes_starts_the_next(host: Host) -> None:
    host.write(CHAIN.format(counter=1))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        assert await service.questions.builds() == []
        host.write(CHAIN.format(counter=2))
        result = await service.pipelines.sync("shop")
        assert result.changes == ("resource go: changed (yml, property_bag)",)
        build, deploy = await ended(service, "build"), await ended(service, "deploy")
        assert [(b.status, b.triggered_by) for b in (build, deploy)] == [("success", "go"), ("success", "img")]


async def test_files_that_are_refused_leave_the_last_good_ones_in_force(host: Host) -> None:
    host.write(ONE.format(script="true"))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        host.write("jobs:\n  - {name: a, type: runSsh}\n  - {name: b}\n")
        result = await service.pipelines.sync("shop")
        assert result.refused
        assert len(result.problems) >= 2
        (row,) = await service.questions.pipelines()
        assert (row.refused, row.problems) == (True, result.problems)
        assert (await service.orders.run("a", Request(by="ann"))).requested_by == "ann"
        assert (await ended(service, "a")).status == "success"


async def test_a_name_cannot_take_another_type_before_it_is_purged(host: Host) -> None:
    host.write("resources:\n  - {name: a, type: state}\n")
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        host.write(ONE.format(script="true"))
        result = await service.pipelines.sync("shop")
        assert "'a': was a state before and cannot become a runSh" in result.problems[0]
        assert result.problems[0].endswith("[E208]")
        host.write("jobs: []\n")
        assert not (await service.pipelines.sync("shop")).refused
        await service.orders.purge("a")
        host.write(ONE.format(script="true"))
        assert (await service.pipelines.sync("shop")).applied


async def test_what_runs_when_the_service_ends_goes_on_and_the_next_service_records_its_end(host: Host) -> None:
    pipe = host.pipe("begun")
    host.write(ONE.format(script=f"echo > {pipe}; until test -e {host.directory}/go; do sleep 0.05; done"))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        await service.orders.run("a", Request())
        await heard(pipe)
    (host.directory / "go").touch()
    async with serving(host.settings) as service:
        row = await ended(service, "a")
        assert (row.status, row.ended_by, row.number) == ("success", "script", 1)


async def test_a_build_whose_attempt_has_ended_without_it_is_taken_over_by_the_next_service(host: Host) -> None:
    pipe = host.pipe("begun")
    host.write(ONE.format(script=f"echo > {pipe}; until test -e {host.directory}/go; do sleep 0.05; done"))
    async with serving(host.settings) as service:
        await service.orders.run("a", Request())
        await heard(pipe)
    with closing(sqlite3.connect(host.directory / "state" / "runner.db")) as database:
        assert database.execute("UPDATE attempt SET state = 'failed' WHERE state = 'doing'").rowcount == 1
        database.commit()
    (host.directory / "go").touch()
    async with serving(host.settings) as service:
        row = await ended(service, "a")
        assert (row.status, row.ended_by, row.attempt) == ("success", "script", 2)


async def test_an_order_is_told_of_its_own_build_whatever_else_is_queued_with_it(host: Host) -> None:
    host.write(
        """
        resources:
          - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: none}}
        jobs:
          - {name: strict, type: runSh, dependencyMode: strict, steps: [{IN: img}, {TASK: {script: [pwd]}}]}
          - {name: a, type: runSh, steps: [{TASK: {script: [pwd]}}]}
        """
    )
    async with serving(host.settings) as service:
        node = await service.questions.node("strict")

        def wait(tx: Transaction, rules: Rules) -> Facts[None]:
            tx.change("add_waiting", node_id=node.id, triggered_by="img", chain="[]", created_at=now())
            return Facts(None, behind_rules=True)

        await service.decisions.decide(wait)
        assert (await service.orders.run("a", Request())).job == "a"
        assert (await ended(service, "strict")).triggered_by == "img"


async def test_a_name_that_was_purged_begins_anew_and_is_not_purged_while_it_runs(host: Host) -> None:
    pipe, go = host.pipe("begun"), host.directory / "go"
    host.write(ONE.format(script=f"echo > {pipe}; until test -e {go}; do sleep 0.05; done"))
    async with serving(host.settings) as service:
        await service.orders.run("a", Request())
        await heard(pipe)
        await service.orders.pause("a")
        host.write("jobs: []\n")
        await service.pipelines.sync("shop")
        with pytest.raises(ConflictError, match="a/1, which has not ended, still needs a"):
            await service.orders.purge("a")
        go.touch()
        await ended(service, "a")
        await service.orders.purge("a")
        host.write(ONE.format(script="true"))
        await service.pipelines.sync("shop")
        job = await service.questions.job("a")
        assert (job.held_by, job.node.paused) == (None, False)


async def test_a_queued_build_waits_for_a_slot_and_can_be_cancelled_before(host: Host) -> None:
    host.write(ONE.format(script=f"until test -e {host.directory}/go; do sleep 0.05; done"))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        first = await service.orders.run("a", Request())
        second = await service.orders.run("a", Request())
        assert (await service.orders.cancel(second.id, "not wanted")).status == "cancelled"
        await service.orders.cancel(first.id, "nor this")
        row = await ended(service, "a")
        assert (row.status, row.reason, row.ended_by) == ("cancelled", "nor this", "user")


async def test_an_unknown_name_is_a_sentence_with_the_nearest_one(host: Host) -> None:
    host.write(ONE.format(script="true"))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        with pytest.raises(UsageError, match="there is no job A"):
            await service.orders.run("A", Request())


async def test_new_settings_are_taken_over_while_builds_run(host: Host) -> None:
    pipe = host.pipe("begun")
    host.write(ONE.format(script=f"echo > {pipe}; until test -e {host.directory}/go; do sleep 0.05; done"))
    old = host.settings
    async with serving(old) as service:
        await service.pipelines.sync("shop")
        await service.orders.run("a", Request())
        await heard(pipe)
        other = host.directory / "other"
        other.mkdir()
        (other / "shippable.yml").write_text(ONE.format(script="true").replace("name: a", "name: b"), "utf-8")
        sources = {**old.pipelines, "other": PipelineSource(path=other)}
        await service.take_over(replace(old, pipelines=sources, pools={"default": 2}))
        await service.pipelines.sync("other")
        await service.orders.run("b", Request())
        assert (await ended(service, "b")).status == "success"
        await service.take_over(replace(old, pipelines={"other": sources["other"]}, pools={"default": 2}))
        with pytest.raises(UsageError, match="a is in no file any more"):
            await service.orders.run("a", Request())
        (host.directory / "go").touch()
        assert (await ended(service, "a")).status == "success"


async def test_a_restart_applies_nothing_again_that_was_applied(host: Host) -> None:
    host.write(ONE.format(script="true"))
    async with serving(host.settings) as service:
        graph = service.engines.graph
    async with serving(host.settings) as service:
        assert not (await service.pipelines.sync("shop")).applied
        assert service.engines.graph == graph


async def test_builds_beyond_the_limits_go_and_cannot_be_replayed(host: Host) -> None:
    host.write(ONE.format(script="true"))
    async with serving(host.settings) as service:
        await service.pipelines.sync("shop")
        for number in (1, 2):
            await service.orders.run("a", Request())
            await ended(service, "a", number)
    async with serving(replace(host.settings, retention=Retention(builds=1))) as service:
        await service.retention.collect()
        places = [service.store.build_directory(build).exists() for build in (1, 2)]
        assert places == [False, True]
        with pytest.raises(UsageError, match="a/1 was removed"):
            await service.questions.build_of("a", 1)
        with pytest.raises(UsageError, match="there is no build 1"):
            await service.orders.replay(1, None)
