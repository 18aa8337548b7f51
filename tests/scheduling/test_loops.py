"""Loops: a chain of triggers that comes back to a job through its own cause ends there."""

from __future__ import annotations

import pytest

from runner.pipeline.model import DependencyMode
from runner.scheduling.events import Queue, VersionMade
from tests.scheduling.world import CHRONO, IMMEDIATE, STRICT, World, after, job, reads

MODES = [CHRONO, STRICT, IMMEDIATE]


def loop(mode: DependencyMode) -> World:
    """a → b → r → a, with `s` from outside into a, and d behind b."""
    return World(
        job("a", reads("r"), reads("s"), mode=mode),
        job("b", after("a"), outs=("r",), mode=mode),
        job("d", after("b"), mode=mode),
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_loop_is_gone_through_once_for_each_cause(mode: DependencyMode) -> None:
    world = loop(mode)
    assert world.version("s") == ["queue a by s", "start a"]
    assert world.end("a") == ["queue b by a", "start b"]
    told = world.end("b", published=["r"])
    assert sorted(told) == ["not a", "queue d by b", "start d"]
    assert world.reason() == "a would be its own cause: the chain of a, b began with it or passed it"
    world.end("d")
    assert world.version("s") == ["queue a by s", "start a"]


@pytest.mark.parametrize("mode", MODES)
def test_a_manual_run_goes_through_the_loop_once_from_where_it_began(mode: DependencyMode) -> None:
    world = loop(mode)
    world.ask("b")
    assert "queue a by r" in world.end("b", published=["r"])
    assert "not b" in world.end("a")


def test_the_chain_names_the_causes_within_the_loop_alone() -> None:
    world = loop(CHRONO)
    world.apply(VersionMade("s"))
    world.end("a")
    chains = [command.chain for command in world.commands if isinstance(command, Queue)]
    world.end("b")
    chains += [command.chain for command in world.commands if isinstance(command, Queue)]
    assert chains == [frozenset({"a", "b"}), frozenset()]


def test_a_version_that_came_late_still_knows_its_cause() -> None:
    world = loop(CHRONO)
    assert world.apply(VersionMade("r", frozenset({"a", "b"}))) == ["not a"]


def test_a_failed_job_does_not_stop_its_own_loop_for_good() -> None:
    world = World(job("a", after("b"), reads("s")), job("b", after("a")))
    world.version("s")
    world.end("a")
    world.end("b", "failure")
    assert world.version("s") == ["queue a by s", "start a"]


def test_a_job_that_reads_its_own_output_is_not_started_by_itself() -> None:
    world = World(job("a", reads("r"), outs=("r",)))
    assert world.run("a", published=["r"]) == ["not a"]


def test_strict_jobs_of_a_loop_closed_by_a_switch_do_not_wait_for_each_other() -> None:
    world = World(
        job("a", after("b", switch=False, triggers=False), reads("s"), mode=STRICT),
        job("b", after("a"), reads("s"), mode=STRICT),
    )
    world.ask("a")
    assert world.version("s") == ["queue a by s", "queue b by s", "start b"]


def test_a_waiting_entry_unites_the_chains_of_its_triggers() -> None:
    world = World(
        job("a", after("c"), reads("s")),
        job("b", after("c"), reads("s")),
        job("c", after("a"), after("b"), reads("of_u"), mode=STRICT),
        job("u", outs=("of_u",)),
    )
    world.ask("u")
    world.version("s")
    assert world.end("a") == ["wait c by a"]
    assert world.end("b") == ["wait c by a"]
    waiting = world.rules.snapshot().jobs["c"].waiting
    assert waiting is not None
    assert waiting.chain == {"a", "b", "c"}
