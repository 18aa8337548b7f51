"""One sentence says why a job does not start, and nothing where nothing stands in its way."""

from __future__ import annotations

from runner.scheduling.events import Paused
from tests.scheduling.world import IMMEDIATE, STRICT, World, after, job, reads


def test_where_nothing_stands_in_the_way_there_is_nothing_to_say() -> None:
    world = World(job("a"), job("b", after("a")))
    assert world.rules.explain("a") is None
    world.run("a")
    assert world.rules.explain("b") is None  # it runs, and a trigger would be taken


def test_an_idle_job_says_why_a_trigger_would_be_refused() -> None:
    world = World(
        job("a"),
        job("b", after("a")),
        job("broken", broken="x was removed"),
        job("bold", broken="x was removed", mode=IMMEDIATE),
        job("wrong", inconsistent="no such integration"),
    )
    assert world.rules.explain("b") == "input job a has never run"
    world.run("a", "failure")
    assert world.rules.explain("b") == "the last build of input job a ended with failure"
    assert world.rules.explain("broken") == "an input or output of broken cannot be used: x was removed"
    assert world.rules.explain("bold") is None
    assert world.rules.explain("wrong") == "the definition of wrong cannot be used: no such integration"
    world.apply(Paused("a"))
    assert world.rules.explain("a") == "a is paused: resume it, or start it by hand"
    assert world.rules.explain("nobody") == "nobody is not a job of the pipeline"


def test_a_queued_build_says_what_goes_before_it() -> None:
    world = World(job("a", reads("r")), pools={"default": 5})
    world.version("r")
    world.version("r")
    assert world.rules.explain("a") == "another build of a is processing, and its triggerMode is serial"


def test_a_waiting_entry_says_what_it_waits_for() -> None:
    world = World(job("a"), job("b", after("a"), reads("r"), mode=STRICT), pools={"default": 0})
    world.ask("a")
    world.version("r")
    assert world.rules.explain("b") == "upstream job a is queued"
