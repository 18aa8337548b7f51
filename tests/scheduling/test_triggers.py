"""What starts a job, by the table of causes."""

from __future__ import annotations

import pytest

from runner.scheduling.events import Ended, Paused, Queue, VersionMade
from runner.scheduling.graph import Input
from tests.scheduling.world import CHRONO, IMMEDIATE, STRICT, World, after, job, reads

OFF = {"switch": False, "triggers": False}
PINNED = {"pinned": True, "triggers": False}


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (reads("r"), ["queue b by r", "start b"]),
        (reads("r", **OFF), ["stale b"]),
        (reads("r", **PINNED), []),
        (reads("r", switch=False, pinned=True, triggers=False), []),
        (reads("r", triggers=False), []),  # state
        (reads("other"), []),
    ],
)
def test_a_new_version_of_an_input_resource_starts_the_job(step: Input, told: list[str]) -> None:
    assert World(job("b", step)).version("r") == told


@pytest.mark.parametrize(
    ("step", "status", "told"),
    [
        (after("a"), "success", ["queue b by a", "start b"]),
        (after("a"), "failure", []),
        (after("a", on_failure=True), "failure", ["queue b by a", "start b"]),
        (after("a", on_failure=True), "success", ["queue b by a", "start b"]),
        (after("a", on_success=False), "success", []),
        (after("a", on_success=False, on_failure=True), "success", []),
        (after("a", **OFF), "success", ["stale b"]),
        (after("a", **OFF), "failure", []),
        (after("a", on_failure=True, **OFF), "failure", ["stale b"]),
        (after("a", **PINNED), "success", []),
        (after("a", switch=False, **PINNED), "success", []),
        *((after("a", on_failure=True), status, []) for status in ("error", "cancelled", "timeout")),
        *((after("a", on_failure=True), status, []) for status in ("unstable", "skipped")),
    ],
)
def test_the_end_of_an_input_job_starts_the_job(step: Input, status: str, told: list[str]) -> None:
    for mode in (CHRONO, IMMEDIATE, STRICT):
        assert World(job("a"), job("b", step, mode=mode)).run("a", status) == told


def test_what_a_failed_build_publishes_starts_its_readers() -> None:
    world = World(job("a", outs=("r",)), job("b", reads("r")))
    assert world.run("a", "failure", ["r"]) == ["queue b by r", "start b"]


def test_a_job_named_as_output_is_started_by_the_upstream_job() -> None:
    world = World(job("a", outs=("b",)), job("b"))
    assert world.run("a", published=["b"]) == ["queue b by a", "start b"]
    assert world.end("b") == []
    assert world.run("a", "failure") == []


def test_a_job_named_as_input_and_as_output_is_started_once_by_one_end() -> None:
    world = World(job("a", outs=("b",)), job("b", after("a")))
    assert world.run("a", published=["b"]) == ["queue b by a", "start b"]


@pytest.mark.parametrize("mode", [CHRONO, IMMEDIATE])
def test_a_resource_and_the_job_that_gave_it_start_one_build_each(mode: object) -> None:
    world = World(job("a", outs=("r",)), job("b", after("a"), reads("r"), mode=mode))
    assert world.run("a", published=["r"]) == ["queue b by r", "queue b by a", "start b"]


def test_strict_makes_one_build_of_a_resource_and_the_job_that_gave_it() -> None:
    world = World(job("a", outs=("r",)), job("b", after("a"), reads("r"), mode=STRICT))
    assert world.run("a", published=["r"]) == ["queue b by r", "start b"]


def test_a_manual_run_is_triggered_by_the_job_itself_and_asks_for_nothing() -> None:
    world = World(job("a"), job("b", after("a", **OFF), broken="a is inconsistent"))
    world.apply(Paused("b"))
    assert world.ask("b") == ["queue b by b", "start b"]
    assert isinstance(world.commands[0], Queue)
    assert world.commands[0].manual


def test_a_manual_run_of_an_inconsistent_job_is_refused_with_the_reason() -> None:
    world = World(job("a", inconsistent="integration x does not exist"))
    assert world.ask("a") == ["not a"]
    assert world.reason() == "the definition of a cannot be used: integration x does not exist"
    assert world.ask("nobody") == ["not nobody"]


@pytest.mark.parametrize(("own", "mode"), [(STRICT, IMMEDIATE), (CHRONO, STRICT), (IMMEDIATE, CHRONO)])
def test_the_mode_of_an_input_overrides_that_of_its_job(own: object, mode: object) -> None:
    world = World(job("a"), job("b", reads("r", mode=mode), reads("s"), mode=own))
    modes = []
    for resource in ("r", "s"):
        world.version(resource)
        modes += [command.mode for command in world.commands if isinstance(command, Queue)]
    assert modes == [mode, own]


def test_builds_are_numbered_in_the_order_of_their_triggers() -> None:
    world = World(job("a", reads("r")), job("b", reads("r")))
    world.version("r")
    world.apply(VersionMade("r"))
    assert [build.id for build in world.rules.snapshot().builds] == [1, 2, 3, 4]
    assert world.rules.snapshot().next_build == 5


def test_an_event_of_something_unknown_does_nothing_but_an_unknown_build_cannot_end() -> None:
    world = World(job("a"))
    assert world.version("nothing") == []
    with pytest.raises(ValueError, match="build 7 ended"):
        world.apply(Ended(7, "success"))
