"""Edges, loops and order of a pipeline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.graph import Edge, edges, loop_path, loops, order
from runner.pipeline.model import In, Job, Out, Pipeline, Resource
from runner.pipeline.problems import Place
from tests.pipeline.reading import read_text, warnings

PLACE = Place("f")


def pipeline(**jobs: str) -> Pipeline:
    """Jobs as texts: `<r` an input, `-r` one that is switched off, `>r` an output. Names in capitals are states."""
    made = {name: _job(name, steps.split()) for name, steps in jobs.items()}
    names = {step[1:] for steps in jobs.values() for step in steps.split()} - set(made)
    resources = {
        name: Resource(name=name, type="state" if name.isupper() else "params", place=PLACE) for name in sorted(names)
    }
    return Pipeline(jobs=made, resources=resources)


def _job(name: str, steps: list[str]) -> Job:
    return Job(
        name=name,
        type="runSh",
        place=PLACE,
        steps=tuple(
            Out(name=step[1:], place=PLACE) if step[0] == ">" else In(name=step[1:], place=PLACE, switch=step[0] == "<")
            for step in steps
        ),
    )


def test_a_resource_joins_every_job_that_writes_it_with_every_job_that_reads_it() -> None:
    found = edges(pipeline(a=">r", b=">r", c="<r", d="-r"))
    assert [(e.upstream, e.downstream, e.via, e.triggers) for e in found] == [
        ("a", "c", "r", True), ("b", "c", "r", True), ("a", "d", "r", False), ("b", "d", "r", False),
    ]  # fmt: skip


def test_a_job_as_input_or_output_is_an_edge_by_its_own_name() -> None:
    assert edges(pipeline(a=">c", b="", c="<b")) == (
        Edge(upstream="b", downstream="c", via="b"),
        Edge(upstream="a", downstream="c", via="c"),
    )


def test_edges_tell_after_which_end_they_trigger() -> None:
    reading = read_text("""
        resources:
          - {name: r, type: version, seed: {versionName: 1.0.0}}
        jobs:
          - {name: a, type: runSh, steps: [{OUT: r, on_failure: true}, {TASK: {script: x}}]}
          - name: b
            type: runSh
            steps:
              - {IN: a, triggerOnSuccess: false, triggerOnFailure: true}
              - {IN: r, versionNumber: 1}
              - TASK: {script: x}
        """)
    assert edges(reading.pipeline) == (
        Edge(upstream="a", downstream="b", via="a", trigger_on_success=False, trigger_on_failure=True),
        Edge(upstream="a", downstream="b", via="r", triggers=False, trigger_on_failure=True),
    )


def test_an_input_that_nothing_writes_or_nothing_defines_is_no_edge() -> None:
    lonely = pipeline(a="<r")
    assert edges(lonely) == ()
    assert edges(Pipeline(jobs=lonely.jobs)) == ()


def test_loops_are_found_over_resources_and_jobs() -> None:
    looped = pipeline(a="<z >x", b="<x >y", c="<y >z", d="<z")
    assert loops(looped) == (("a", "b", "c"),)
    assert loop_path(looped, ("a", "b", "c")) == ("a", "b", "c", "a")


def test_a_job_that_writes_its_own_input_is_a_loop() -> None:
    assert loops(pipeline(a="<r >r")) == (("a",),)
    assert loop_path(pipeline(a="<r >r"), ("a",)) == ("a", "a")
    assert loops(pipeline(a="<a")) == (("a",),)


def test_a_loop_that_never_triggers_is_none() -> None:
    assert loops(pipeline(a="<x >y", b="-y >x")) == ()
    assert loops(pipeline(a="<S >S")) == ()


def test_a_loop_is_a_warning_with_its_path_and_lines() -> None:
    reading = read_text("""
        resources:
          - {name: x, type: version, seed: {versionName: 1.0.0}}
        jobs:
          - {name: a, type: runSh, steps: [{IN: b}, {OUT: x}, {TASK: {script: x}}]}
          - {name: b, type: runSh, steps: [{IN: x}, {TASK: {script: x}}]}
        """)
    assert warnings(reading) == [
        "shippable.yml:5:12: warning: jobs a -> b -> a form a loop of triggering inputs"
        " (b at shippable.yml:6:41, a at shippable.yml:5:41)"
    ]
    assert not reading.refused


def test_upstream_comes_first_and_else_the_order_of_the_file_stays() -> None:
    assert order(pipeline(z="", d="<r", c="", a=">r", b="<a")) == ("z", "c", "a", "d", "b")


def test_what_a_loop_feeds_comes_after_all_of_it() -> None:
    assert order(pipeline(d="<b", a="<y >x", b="<x >y")) == ("a", "b", "d")


def test_inputs_that_never_trigger_do_not_break_the_order_of_those_that_do() -> None:
    assert order(pipeline(b="<x >y", a="-y >x")) == ("a", "b")


names = st.sampled_from(["a", "b", "c", "d"])
step = st.builds(
    lambda sign, name: sign + name, st.sampled_from("<->"), st.sampled_from(["a", "b", "c", "d", "r", "s", "T"])
)


@given(st.dictionaries(names, st.lists(step, max_size=4).map(" ".join)))
def test_every_job_stands_once_in_the_order_and_after_its_upstream_unless_they_form_a_loop(
    jobs: dict[str, str],
) -> None:
    made = pipeline(**jobs)
    ordered = order(made)
    assert sorted(ordered) == sorted(made.jobs)
    reach = {name: {name} for name in made.jobs}
    for _ in made.jobs:
        for edge in edges(made):
            reach[edge.upstream] |= reach[edge.downstream]
    for edge in edges(made):
        if edge.upstream not in reach[edge.downstream]:
            assert ordered.index(edge.upstream) < ordered.index(edge.downstream)


@given(st.dictionaries(names, st.lists(step, max_size=4).map(" ".join)))
def test_a_loop_is_exactly_what_can_start_itself(jobs: dict[str, str]) -> None:
    made = pipeline(**jobs)
    reach: dict[str, set[str]] = {name: set() for name in made.jobs}
    for _ in range(len(made.jobs) + 1):
        for edge in edges(made):
            if edge.triggers:
                reach[edge.upstream] |= {edge.downstream} | reach[edge.downstream]
    assert {name for loop in loops(made) for name in loop} == {name for name in reach if name in reach[name]}
    for loop in loops(made):
        path = loop_path(made, loop)
        assert path[0] == path[-1] == loop[0]
        assert set(path) <= set(loop)


def test_a_chain_of_ten_thousand_jobs_is_ordered() -> None:
    chain = pipeline(**{f"j{i}": f"<r{i} >r{i + 1} <hub >hub2" for i in range(10_000)})
    assert order(chain)[-1] == "j9999"
    assert loops(chain) == ()
