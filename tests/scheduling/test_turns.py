"""Slots, priority, pause, drain and staleness."""

from __future__ import annotations

from runner.scheduling.events import Draining, Ended, Paused, PoolsSet, Resumed, Withdrawn
from tests.scheduling.world import World, after, job, reads

OFF = {"switch": False, "triggers": False}


def test_a_free_slot_goes_to_the_best_priority_then_to_the_oldest() -> None:
    world = World(
        job("busy"),
        job("low", reads("r")),
        job("later", reads("r")),
        job("urgent", reads("r"), priority=0),
        pools={"default": 1},
    )
    world.ask("busy")
    world.version("r")
    assert world.end("busy") == ["start urgent"]
    assert world.end("urgent") == ["start low"]
    assert world.end("low") == ["start later"]


def test_priority_never_stops_what_runs() -> None:
    world = World(job("a"), job("urgent", priority=0), pools={"default": 1})
    world.ask("a")
    assert world.ask("urgent") == ["queue urgent by urgent"]
    assert world.rules.explain("urgent") == "all slots of pool default are in use (1 of 1)"


def test_each_pool_has_its_own_slots() -> None:
    world = World(job("a", pool="big"), job("b", pool="big"), job("c"), pools={"default": 1, "big": 1})
    assert world.ask("a") == ["queue a by a", "start a"]
    assert world.ask("b") == ["queue b by b"]
    assert world.ask("c") == ["queue c by c", "start c"]


def test_a_pool_that_is_not_declared_is_served_by_the_default_one() -> None:
    world = World(job("a", pool="gone"), job("b"), pools={"default": 1})
    assert world.ask("a") == ["queue a by a", "start a"]
    assert world.ask("b") == ["queue b by b"]


def test_setting_pools_starts_what_they_have_room_for_and_stops_nothing() -> None:
    world = World(job("a", parallel=True), pools={})
    for _ in range(4):
        world.ask("a")
    assert world.rules.explain("a") == "pool default has no slots"
    assert world.apply(PoolsSet({"default": 2})) == ["start a", "start a"]
    assert world.apply(PoolsSet({"default": 1})) == []
    assert world.end("a") == []
    assert world.end("a") == ["start a"]


def test_a_job_starts_in_the_order_of_creation_whatever_its_priority_became() -> None:
    world = World(job("a", reads("r")))
    for _ in range(2):
        world.version("r")
    world.sync(job("a", reads("r"), priority=0))
    world.version("r")
    assert world.queued("a") == [2, 3]
    world.end("a")
    assert world.processing("a") == [2]


def test_a_paused_job_takes_no_trigger_and_nothing_is_made_up_for_later() -> None:
    world = World(job("a", reads("r")))
    world.apply(Paused("a"))
    assert world.version("r") == ["not a"]
    assert world.reason() == "a is paused: resume it, or start it by hand"
    assert world.apply(Resumed("a")) == []


def test_manual_builds_pass_the_held_ones_of_a_paused_job() -> None:
    world = World(job("a", reads("r")))
    for _ in range(2):
        world.version("r")
    world.apply(Paused("a"))
    world.ask("a")
    assert world.end("a") == ["start a"]
    assert world.processing("a") == [3]
    assert world.end("a") == []
    assert world.rules.explain("a") == "a is paused: resume it"
    assert world.apply(Resumed("a")) == ["start a"]
    assert world.processing("a") == [2]


def test_a_withdrawn_build_makes_room_in_its_line_and_changes_no_status() -> None:
    world = World(job("a", reads("r")), job("b", after("a"), reads("s")))
    world.run("a")
    world.version("r")
    assert world.version("s") == ["queue b by s"]
    assert world.apply(Withdrawn(world.queued("a")[0])) == []
    assert world.end("b") == ["start b"]
    assert world.rules.snapshot().jobs["a"].last_status == "success"


def test_withdrawing_a_build_that_is_processing_or_unknown_does_nothing() -> None:
    world = World(job("a"))
    world.ask("a")
    before = world.rules.snapshot()
    assert world.apply(Withdrawn(1)) == world.apply(Withdrawn(7)) == []
    assert world.rules.snapshot() == before


def test_while_the_service_drains_builds_are_queued_and_none_starts() -> None:
    world = World(job("a", reads("r")), job("b", reads("r")))
    world.apply(Draining(True))
    assert world.version("r") == ["queue a by r", "queue b by r"]
    assert world.rules.explain("b") == "the service is draining: it starts nothing more"
    assert world.apply(Draining(False)) == ["start a", "start b"]


def test_a_change_by_a_switched_off_input_makes_stale_once_until_the_next_start() -> None:
    world = World(job("a", reads("r", **OFF), reads("s")), pools={"default": 0})
    assert world.version("r") == ["stale a"]
    assert world.version("r") == []
    assert world.version("s") == ["queue a by s"]
    assert world.apply(PoolsSet({"default": 1})) == ["start a", "fresh a"]
    assert world.version("r") == ["stale a"]


def test_a_gate_is_opened_by_hand() -> None:
    world = World(job("a"), job("gate", after("a", **OFF)), job("c", after("gate")))
    assert world.run("a") == ["stale gate"]
    assert world.ask("gate") == ["queue gate by gate", "start gate", "fresh gate"]
    assert world.end("gate") == ["queue c by gate", "start c"]


def test_a_build_that_ends_before_it_started_leaves_its_line() -> None:
    world = World(job("a", reads("r")))
    world.version("r")
    world.version("r")
    assert world.apply(Ended(2, "error")) == []
    assert world.queued("a") == []
    assert world.end("a") == []
