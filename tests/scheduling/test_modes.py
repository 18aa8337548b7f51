"""`dependencyMode`, by the rows of its table: what a trigger makes of each mode."""

from __future__ import annotations

import pytest

from runner.pipeline.model import DependencyMode
from runner.scheduling.events import Paused
from runner.scheduling.graph import Input
from tests.scheduling.world import CHRONO, IMMEDIATE, STRICT, World, after, job, reads

STARTED = ["queue c by r", "start c"]
REFUSED = ["not c"]


@pytest.mark.parametrize(
    ("mode", "step", "status", "told"),
    [
        (CHRONO, after("a"), "success", STARTED),
        (CHRONO, after("a"), "failure", REFUSED),
        (CHRONO, after("a"), "error", REFUSED),
        (CHRONO, after("a"), None, REFUSED),
        (CHRONO, after("a", switch=False, triggers=False), "failure", REFUSED),
        (CHRONO, after("a", pinned=True, triggers=False), "failure", STARTED),
        (CHRONO, after("a", pinned=True, triggers=False), None, STARTED),
        (CHRONO, after("a", on_failure=True), "failure", STARTED),
        (CHRONO, after("a", on_failure=True), "timeout", REFUSED),
        (CHRONO, reads("of_a"), "failure", STARTED),
        (CHRONO, reads("of_a"), None, STARTED),
        (STRICT, after("a"), "success", STARTED),
        (STRICT, after("a"), "failure", REFUSED),
        (STRICT, after("a"), None, REFUSED),
        (STRICT, after("a", pinned=True, triggers=False), "failure", STARTED),
        (STRICT, after("a", on_failure=True), "failure", STARTED),
        (IMMEDIATE, after("a"), "failure", STARTED),
        (IMMEDIATE, after("a"), None, STARTED),
    ],
)
def test_the_last_status_of_an_input_job_decides(
    mode: DependencyMode, step: Input, status: str | None, told: list[str]
) -> None:
    world = World(job("a", outs=("of_a",)), job("c", step, reads("r"), mode=mode))
    if status is not None:
        world.run("a", status)
        for _ in world.processing("c"):
            world.end("c")
    assert world.version("r") == told


@pytest.mark.parametrize(
    ("mode", "options", "told"),
    [
        (CHRONO, {"broken": "x was removed"}, REFUSED),
        (STRICT, {"broken": "x was removed"}, REFUSED),
        (IMMEDIATE, {"broken": "x was removed"}, STARTED),
        (CHRONO, {"inconsistent": "no"}, REFUSED),
        (STRICT, {"inconsistent": "no"}, REFUSED),
        (IMMEDIATE, {"inconsistent": "no"}, REFUSED),
    ],
)
def test_only_immediate_starts_a_job_with_an_unusable_dependency(
    mode: DependencyMode, options: dict[str, str], told: list[str]
) -> None:
    world = World(job("c", reads("r"), mode=mode, **options))
    assert world.version("r") == told
    if told == REFUSED:
        assert next(iter(options.values())) in world.reason()


def two_inputs(mode: DependencyMode) -> World:
    """a and b, which ran once, feed c."""
    world = World(job("a"), job("b"), job("c", after("a"), after("b"), mode=mode))
    for name in ("a", "b"):
        world.run(name)
        for _ in world.processing("c"):
            world.end("c")
    return world


@pytest.mark.parametrize(("mode", "builds"), [(CHRONO, 2), (IMMEDIATE, 2), (STRICT, 1)])
def test_a_group_of_upstream_ends_makes_one_build_each_or_strict_one_for_all(mode: DependencyMode, builds: int) -> None:
    world = two_inputs(mode)
    world.ask("a")
    world.ask("b")
    told = world.end("a") + world.end("b")
    assert sum(line.startswith("queue c") for line in told) == builds


def test_chrono_is_queued_while_an_input_job_runs_and_starts_when_none_does() -> None:
    world = two_inputs(CHRONO)
    world.ask("a")
    world.ask("b")
    assert world.end("a") == ["queue c by a"]
    assert world.rules.explain("c") == "b, which is directly connected, is processing"
    assert world.end("b") == ["queue c by b", "start c"]
    assert world.end("c") == ["start c"]


def test_chrono_does_not_start_while_a_job_behind_it_runs() -> None:
    world = World(job("a", reads("r")), job("b", after("a"), mode=IMMEDIATE))
    world.ask("b")
    assert world.version("r") == ["queue a by r"]
    assert world.end("b") == ["start a"]


@pytest.mark.parametrize("mode", [IMMEDIATE, STRICT])
def test_other_modes_start_while_a_job_behind_them_runs(mode: DependencyMode) -> None:
    world = World(job("a", reads("r"), mode=mode), job("b", after("a"), mode=IMMEDIATE))
    world.ask("b")
    assert world.version("r") == ["queue a by r", "start a"]


def test_chrono_ignores_a_job_that_is_connected_by_a_resource_only() -> None:
    world = World(job("a", outs=("r",)), job("b", reads("r"), reads("s")))
    world.ask("a")
    assert world.version("s") == ["queue b by s", "start b"]


def test_connected_chrono_jobs_start_in_the_order_of_creation() -> None:
    world = World(job("a", reads("r")), job("b", after("a"), reads("s")))
    world.run("a")
    assert world.ask("a") == ["queue a by a"]  # b runs
    assert world.version("s") == ["queue b by s"]
    assert world.end("b") == ["start a"]
    assert world.end("a") == ["queue b by a", "start b"]
    assert world.end("b") == ["start b"]


def test_a_held_build_of_a_paused_job_lets_its_neighbours_pass() -> None:
    world = World(job("a", reads("r")), job("b", after("a", on_success=False)), job("x", after("a", on_success=False)))
    world.ask("b")
    world.version("r")  # waits for b
    assert world.ask("x") == ["queue x by x"]
    assert world.rules.explain("x") == "build 2 of a, which is directly connected, goes first: it is older"
    assert world.apply(Paused("a")) == ["start x"]


@pytest.mark.parametrize("mode", [CHRONO, IMMEDIATE, STRICT])
def test_a_serial_job_never_runs_twice_at_once(mode: DependencyMode) -> None:
    world = World(job("a", reads("r"), mode=mode))
    assert world.version("r") == ["queue a by r", "start a"]
    assert world.version("r") == ["queue a by r"]
    assert world.end("a") == ["start a"]


@pytest.mark.parametrize("mode", [CHRONO, IMMEDIATE, STRICT])
def test_a_parallel_job_runs_as_often_as_slots_allow(mode: DependencyMode) -> None:
    world = World(job("a", reads("r"), mode=mode, parallel=True), pools={"default": 2})
    told = [line for _ in range(3) for line in world.version("r")]
    assert told == ["queue a by r", "start a", "queue a by r", "start a", "queue a by r"]
    assert world.end("a") == ["start a"]
