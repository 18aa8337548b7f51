"""A changed file, and a restart."""

from __future__ import annotations

import pytest

from runner.scheduling.events import Asked, Draining, Ended, Paused, Start, Withdraw
from runner.scheduling.rules import Rules
from tests.scheduling.world import STRICT, World, after, graph, job, reads


def test_builds_of_a_removed_job_are_withdrawn_and_what_runs_goes_on() -> None:
    world = World(job("a", reads("r"), outs=("s",)), job("b", reads("s")))
    world.version("r")
    world.version("r")
    assert world.sync(job("b", reads("s"))) == ["withdraw a"]
    assert world.commands == [Withdraw(2, "the job was removed from the file")]
    assert world.version("r") == []
    assert world.end("a", published=["s"]) == ["queue b by s", "start b"]


def test_the_waiting_entry_of_a_removed_job_is_dropped() -> None:
    world = World(job("a"), job("c", after("a"), reads("r"), mode=STRICT))
    world.ask("a")
    world.version("r")
    assert world.sync(job("a")) == ["stop waiting c"]
    assert world.end("a") == []


def test_a_revived_name_keeps_its_last_status_and_a_new_one_has_none() -> None:
    reader = job("c", after("a"), reads("r"))
    world = World(job("a"), reader)
    world.run("a")
    world.end("c")
    world.sync(job("c", after("a"), reads("r"), broken="a was removed"))
    assert world.version("r") == ["not c"]
    world.sync(job("a"), job("n"), reader, job("d", after("n"), reads("r")))
    assert world.version("r") == ["queue c by r", "not d", "start c"]


def test_a_build_of_a_removed_job_keeps_its_slot_until_its_end() -> None:
    world = World(job("a"), job("b"), pools={"default": 1})
    world.ask("a")
    world.sync(job("b"))
    assert world.ask("b") == ["queue b by b"]
    assert world.end("a") == ["start b"]


def test_queued_builds_keep_the_priority_and_the_pool_that_they_had() -> None:
    world = World(job("x"), job("a", priority=5, pool="p"), pools={"default": 1, "p": 0})
    world.ask("a")
    world.sync(job("x"), job("a", priority=1))
    assert [(build.priority, build.pool) for build in world.rules.snapshot().builds] == [(5, "p")]


def test_a_new_graph_may_free_what_the_old_one_kept_back() -> None:
    world = World(job("a"), job("b", after("a"), reads("r")))
    world.run("a")
    world.end("b")
    world.ask("a")
    assert world.version("r") == ["queue b by r"]
    assert world.sync(job("a"), job("b", reads("r"))) == ["start b"]


def test_a_restart_goes_on_where_the_service_was() -> None:
    jobs = (job("a", reads("r")), job("b", after("a"), reads("r"), mode=STRICT))
    world = World(*jobs, pools={"default": 1})
    world.version("r")
    world.version("r")
    world.ask("b")
    again = Rules.restore(graph(*jobs), {"default": 1}, world.rules.snapshot())
    assert again.resume() == []
    assert again.snapshot() == world.rules.snapshot()
    for event in (Ended(1, "success"), Asked("b"), Paused("b"), Ended(2, "success"), Draining(True)):
        assert again.apply(event) == world.rules.apply(event)


def test_a_restart_starts_what_was_recorded_and_not_started() -> None:
    world = World(job("a"), pools={"default": 0})
    world.ask("a")
    again = Rules.restore(graph(job("a")), {"default": 1}, world.rules.snapshot())
    assert again.resume() == [Start(1)]


def test_a_restart_with_a_newer_file_withdraws_what_is_gone() -> None:
    world = World(job("a"), job("b"), pools={"default": 0})
    world.ask("a")
    world.ask("b")
    again = Rules.restore(graph(job("b")), {"default": 1}, world.rules.snapshot())
    assert again.explain("a") == "a is not a job of the pipeline"
    assert again.resume() == [Withdraw(1, "the job was removed from the file"), Start(2)]
    with pytest.raises(ValueError, match="not open"):
        again.apply(Ended(1, "success"))
