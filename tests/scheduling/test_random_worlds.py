"""The promises of the rules over random pipelines and random events, thousands of steps in all."""

from __future__ import annotations

from random import Random

import pytest

from runner.scheduling.rules import Rules
from tests.scheduling.random_worlds import RandomWorld

SEEDS = range(40)
STEPS = 150


@pytest.mark.parametrize("seed", SEEDS)
def test_every_step_keeps_the_promises_and_in_the_end_nothing_waits(seed: int) -> None:
    world = RandomWorld(seed)
    for _ in range(STEPS):
        world.step()
    world.drain()


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_the_same_events_give_the_same_commands(seed: int) -> None:
    world = RandomWorld(seed)
    for _ in range(STEPS):
        world.step()
    again = Rules(world.first, {"default": 2, "big": 1})
    assert [again.apply(event) for event, _ in world.history] == [commands for _, commands in world.history]
    assert again.snapshot() == world.rules.snapshot()


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_a_restart_at_any_point_changes_nothing(seed: int) -> None:
    world = RandomWorld(seed)
    restarts = Random(seed)
    for _ in range(STEPS):
        world.step()
        if restarts.random() < 0.2:
            world.rules = Rules.restore(world.books.graph, world.books.pools, world.rules.snapshot())
            assert world.rules.resume() == []
    without = Rules(world.first, {"default": 2, "big": 1})
    assert [without.apply(event) for event, _ in world.history] == [commands for _, commands in world.history]
