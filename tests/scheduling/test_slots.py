"""The offers to the pools."""

from __future__ import annotations

from runner.scheduling.events import Withdrawn
from runner.scheduling.slots import Slots
from runner.scheduling.snapshot import OpenBuild
from tests.scheduling.world import CHRONO, World, job


def build(number: int) -> OpenBuild:
    return OpenBuild(id=number, job="a", triggered_by="a", mode=CHRONO)


def test_a_build_that_is_offered_twice_is_given_a_slot_once() -> None:
    slots = Slots({"default": 2})
    slots.offer(build(1))
    slots.offer(build(1))
    assert (slots.take(), slots.take()) == (1, None)


def test_offers_of_builds_that_are_no_more_do_not_pile_up() -> None:
    slots = Slots({"default": 0, "big": 5})
    for number in range(1000):
        slots.offer(build(number))
        slots.forget({500: build(500)} if number >= 500 else {})
    slots.forget({500: build(500)})
    assert slots.offers() < 30


def test_forgetting_keeps_the_offers_of_open_builds_in_their_order() -> None:
    slots = Slots({"default": 5})
    for number in range(100):
        slots.offer(build(number))
    slots.forget({number: build(number) for number in (7, 3, 99)})
    assert [slots.take() for _ in range(4)] == [3, 7, 99, None]


def test_a_full_pool_does_not_remember_builds_that_were_withdrawn() -> None:
    world = World(job("a"), pools={"default": 0})
    for number in range(1, 200):
        world.ask("a")
        world.apply(Withdrawn(number))
    assert world.rules._slots.offers() < 30  # what it remembers cannot be seen from outside
