"""The one waiting entry of a strict job: when it comes, what it waits for, when it goes."""

from __future__ import annotations

import pytest

from runner.scheduling.events import Draining, Ended, Paused, Resumed, WaitingDeleted, Withdrawn
from runner.scheduling.graph import Input
from tests.scheduling.world import STRICT, World, after, job, reads

OFF = {"switch": False, "triggers": False}
RELEASED = ["stop waiting c", "queue c by a", "start c"]


def waiting(*steps: Input) -> World:
    """c waits: a has triggered it while b is processing; b gives out `of_b`."""
    world = World(
        job("a"),
        job("b", outs=("of_b", "too_of_b")),
        job("c", after("a"), *steps, mode=STRICT),
    )
    world.ask("a")
    world.ask("b")
    assert world.end("a") == ["wait c by a"]
    return world


@pytest.mark.parametrize("step", [after("b"), reads("of_b"), after("b", **OFF), reads("of_b", **OFF)])
def test_it_waits_for_every_upstream_job_and_is_released_once(step: Input) -> None:
    world = waiting(step)
    assert [line for line in world.end("b") if line != "stale c"] in (RELEASED, [*RELEASED, "fresh c"])
    assert world.rules.snapshot().jobs["c"].waiting is None
    assert world.end("c") == []


def test_however_many_events_come_there_is_one_entry_under_the_first_name() -> None:
    world = waiting(after("b"), reads("r"))
    assert world.version("r") == []
    assert world.version("r") == []
    assert world.end("b") == RELEASED


def test_it_goes_on_waiting_for_a_failed_upstream_job_until_that_one_succeeds() -> None:
    world = waiting(after("b"))
    assert world.end("b", "failure") == []
    assert world.rules.explain("c") == "the last build of upstream job b ended with failure: it must succeed first"
    assert world.run("b", "error") == []
    assert world.run("b") == RELEASED


def test_a_failed_job_behind_a_resource_holds_it_too() -> None:
    world = waiting(reads("of_b"))
    assert world.end("b", "failure") == []
    assert world.run("b") == RELEASED


def test_a_failed_upstream_job_that_is_removed_holds_it_no_more() -> None:
    world = waiting(reads("of_b"))
    world.end("b", "failure")
    assert world.sync(job("a"), job("c", after("a"), reads("of_b"), mode=STRICT)) == RELEASED


@pytest.mark.parametrize(
    "steps",
    [
        [after("b", on_failure=True)],
        [after("b", on_failure=True), reads("of_b")],
        [after("b", pinned=True, triggers=False)],
        [reads("of_b", pinned=True, triggers=False)],
    ],
)
def test_a_failed_upstream_job_that_is_tolerated_does_not_hold_it(steps: list[Input]) -> None:
    assert waiting(*steps).end("b", "failure") == RELEASED


@pytest.mark.parametrize("order", [1, -1])
def test_a_pin_of_one_resource_does_not_tolerate_a_failure_behind_another(order: int) -> None:
    steps = [reads("of_b", pinned=True, triggers=False), reads("too_of_b")]
    assert waiting(*steps[::order]).end("b", "failure") == []


def test_an_input_job_that_is_not_in_the_file_is_not_waited_for() -> None:
    world = World(job("c", after("nobody"), reads("r"), mode=STRICT))
    assert world.version("r") == ["queue c by r", "start c"]


def test_an_upstream_job_that_has_never_run_does_not_hold_it() -> None:
    world = World(job("a"), job("b"), job("n"), job("c", after("a"), after("b"), after("n"), mode=STRICT))
    world.ask("b")
    assert world.run("a") == ["wait c by a"]
    assert world.end("b") == RELEASED


def test_a_switched_off_input_may_release_but_never_create() -> None:
    world = World(job("a"), job("b"), job("c", after("a"), after("b", **OFF), mode=STRICT))
    world.ask("a")
    assert world.run("b") == ["stale c"]
    assert world.end("a") == ["queue c by a", "start c", "fresh c"]


def test_an_entry_above_counts_as_open() -> None:
    world = World(
        job("a"),
        job("b"),
        job("c", after("a"), after("b"), mode=STRICT),
        job("d", after("c"), reads("r"), mode=STRICT),
    )
    world.ask("b")
    world.run("a")
    assert world.version("r") == ["wait d by r"]
    assert world.rules.explain("d") == "upstream job c is waiting"
    assert world.end("b") == RELEASED
    assert world.end("c") == ["stop waiting d", "queue d by r", "start d"]


@pytest.mark.parametrize("order", ["bd", "db"])
def test_a_change_that_reaches_two_levels_at_once_makes_the_lower_one_wait(order: str) -> None:
    jobs = {"b": job("b", reads("r"), mode=STRICT), "d": job("d", reads("r"), after("b"), mode=STRICT)}
    world = World(*(jobs[name] for name in order))
    assert world.version("r") == ["queue b by r", "wait d by r", "start b"]
    assert world.end("b") == ["stop waiting d", "queue d by r", "start d"]


def test_cancelling_the_last_queued_build_above_releases_it() -> None:
    world = World(job("a"), job("b"), job("c", after("a"), after("b"), mode=STRICT))
    world.run("b")
    world.ask("a")
    world.apply(Draining(True))
    world.ask("b")
    assert world.end("a") == ["wait c by a"]
    assert world.apply(Withdrawn(world.queued("b")[0])) == RELEASED[:2]
    assert world.apply(Draining(False)) == RELEASED[2:]


def test_a_deleted_entry_is_gone_and_lets_the_one_below_go() -> None:
    world = World(
        job("a"),
        job("b", outs=("of_b",)),
        job("c", after("a"), reads("of_b"), mode=STRICT, outs=("s",)),
        job("d", reads("s"), reads("r"), mode=STRICT),
    )
    world.ask("b")
    world.run("a")
    world.version("r")
    assert world.apply(WaitingDeleted("c")) == ["stop waiting c", "stop waiting d", "queue d by r", "start d"]
    assert world.end("b") == []
    assert world.apply(WaitingDeleted("c")) == []


def test_a_paused_job_keeps_its_entry_until_it_is_resumed() -> None:
    world = waiting(after("b"))
    world.apply(Paused("c"))
    assert world.end("b") == ["not c"]
    assert world.rules.explain("c") == "c is paused: resume it"
    assert world.apply(Resumed("c")) == RELEASED


def test_an_entry_of_a_job_that_cannot_be_used_waits_for_the_file() -> None:
    world = waiting(after("b"))
    parts = (job("a"), job("b", outs=("of_b",)))
    assert world.sync(*parts, job("c", after("a"), after("b"), mode=STRICT, broken="x was removed")) == []
    assert world.end("b") == ["not c"]
    assert world.sync(*parts, job("c", after("a"), after("b"), mode=STRICT)) == RELEASED


def test_strict_starts_while_a_job_behind_it_is_queued_or_runs() -> None:
    world = World(job("c", reads("r"), mode=STRICT), job("d", after("c")))
    world.ask("d")
    assert world.version("r") == ["queue c by r", "start c"]


def test_a_pinned_upstream_job_is_waited_for_but_its_end_does_not_matter() -> None:
    world = World(job("b"), job("c", after("b", pinned=True, triggers=False), reads("r"), mode=STRICT))
    world.ask("b")
    assert world.version("r") == ["wait c by r"]
    assert world.apply(Ended(world.processing("b")[0], "error")) == ["stop waiting c", "queue c by r", "start c"]
