"""The trigger rules of a local run, from events to commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pipeline.model import DependencyMode
from runner.scheduling.one_pass import Finished, LeaveOut, Link, LocalRun, Rule, Start


def run_all(
    rules: list[Rule],
    statuses: Mapping[str, str] | None = None,
    earlier: Mapping[str, str] | None = None,
    silent: frozenset[str] = frozenset(),
    capacity: int = 1,
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Drive a run to its end; `statuses` are the ends of jobs (default success), `silent` jobs publish nothing.

    Gives the starts with their triggers, in order, and the jobs left out with the reason."""
    run = LocalRun({rule.job: rule for rule in rules}, earlier or {}, capacity)
    resources = {link.via for rule in rules for link in rule.links if not link.direct}
    starts, left_out, running = [], {}, []
    commands = run.begin()
    while True:
        for command in commands:
            match command:
                case Start():
                    starts.append((command.job, command.triggered_by))
                    running.append(command.job)
                case LeaveOut():
                    left_out[command.job] = command.reason
        assert len(running) <= capacity
        if not running:
            return starts, left_out
        job = running.pop(0)
        status = (statuses or {}).get(job, "success")
        published = frozenset(r for r in resources if r.startswith(f"{job}:")) if status == "success" else frozenset()
        commands = run.finished(Finished(job, status, frozenset() if job in silent else published))


def job_link(upstream: str, **options: object) -> Link:
    return Link(upstream=upstream, via=upstream, **options)  # type: ignore[arg-type]  # the fields of Link


def resource_link(upstream: str, **options: object) -> Link:
    return Link(upstream=upstream, via=f"{upstream}:r", **options)  # type: ignore[arg-type]  # the fields of Link


A = Rule(job="a")


def test_a_job_without_an_upstream_job_starts_and_what_it_published_starts_the_next() -> None:
    starts, left_out = run_all([A, Rule(job="b", links=(resource_link("a"),))])
    assert starts == [("a", "a"), ("b", "a:r")]
    assert left_out == {}


def test_an_output_that_did_not_change_starts_nothing() -> None:
    starts, left_out = run_all([A, Rule(job="b", links=(resource_link("a"),))], silent=frozenset({"a"}))
    assert starts == [("a", "a")]
    assert left_out == {"b": "no input changed: a gave no new version of a:r"}


@pytest.mark.parametrize(
    ("mode", "link", "status", "reason"),
    [
        ("chrono", job_link("a"), "failure", "blocked: a ended with failure"),
        ("chrono", job_link("a"), "error", "blocked: a ended with error"),
        ("chrono", job_link("a", on_failure=True), "failure", None),
        ("chrono", job_link("a", on_failure=True), "timeout", "blocked: a ended with timeout"),
        ("chrono", job_link("a", on_success=False, on_failure=True), "success", "no input changed"),
        ("chrono", resource_link("a"), "failure", "blocked: a ended with failure"),
        ("strict", job_link("a"), "failure", "blocked: a ended with failure"),
        ("immediate", job_link("a", on_failure=True), "failure", None),
        ("chrono", job_link("a", triggers=False), "success", "gate"),
        ("strict", resource_link("a", triggers=False), "success", "gate"),
    ],
)
def test_the_end_of_the_upstream_job_decides(mode: str, link: Link, status: str, reason: str | None) -> None:
    rule = Rule(job="b", links=(replace(link, mode=DependencyMode(mode)),))
    _, left_out = run_all([A, rule], {"a": status})
    assert left_out.get("b", "").startswith(reason) if reason else "b" not in left_out


def test_a_job_waits_for_all_upstream_jobs_and_runs_once() -> None:
    rules = [A, Rule(job="b"), Rule(job="c", links=(resource_link("a"), job_link("b")))]
    starts, _ = run_all(rules, capacity=2)
    assert starts == [("a", "a"), ("b", "b"), ("c", "a:r")]


def test_a_failed_input_job_blocks_even_if_another_input_triggered() -> None:
    rules = [A, Rule(job="b"), Rule(job="c", links=(resource_link("a"), job_link("b")))]
    _, left_out = run_all(rules, {"b": "failure"})
    assert left_out == {"c": "blocked: b ended with failure"}


def test_a_failed_job_behind_a_resource_blocks_only_strict() -> None:
    for mode, expected in (
        (DependencyMode.CHRONO, {}),
        (DependencyMode.STRICT, {"c": "blocked: b ended with failure"}),
    ):
        links = (resource_link("a", mode=mode), resource_link("b", mode=mode))
        _, left_out = run_all([A, Rule(job="b"), Rule(job="c", links=links)], {"b": "failure"})
        assert left_out == expected


def test_immediate_does_not_wait_for_the_other_upstream_jobs() -> None:
    immediate = DependencyMode.IMMEDIATE
    links = (resource_link("a", mode=immediate), job_link("b", mode=immediate))
    starts, _ = run_all([A, Rule(job="b", priority=10_000), Rule(job="c", links=links)])
    assert starts == [("a", "a"), ("c", "a:r"), ("b", "b")]


def test_what_stands_behind_a_blocked_job_is_left_out_with_its_reason() -> None:
    rules = [A, Rule(job="b", links=(job_link("a"),)), Rule(job="c", links=(job_link("b"),))]
    _, left_out = run_all(rules, {"a": "failure"})
    assert left_out == {"b": "blocked: a ended with failure", "c": "blocked: b was not run"}


def test_a_gate_that_succeeded_earlier_does_not_block() -> None:
    rules = [
        A,
        Rule(job="gate", links=(job_link("a", triggers=False),)),
        Rule(job="c", links=(resource_link("a"), job_link("gate"))),
    ]
    assert run_all(rules, earlier={"gate": "success"})[0] == [("a", "a"), ("c", "a:r")]
    assert run_all(rules)[1]["c"] == "blocked: input job gate has never run"
    assert run_all(rules, earlier={"gate": "failure"})[1]["c"] == "blocked: gate ended with failure"


def test_a_pinned_input_job_neither_triggers_nor_blocks() -> None:
    rules = [A, Rule(job="b"), Rule(job="c", links=(resource_link("a"), job_link("b", triggers=False, pinned=True)))]
    starts, _ = run_all(rules, {"b": "failure"})
    assert ("c", "a:r") in starts


def test_a_loop_begins_with_its_first_job_and_each_job_runs_once() -> None:
    rules = [
        Rule(job="a", links=(job_link("b"),), loop=frozenset({"b"})),
        Rule(job="b", links=(job_link("a"),), loop=frozenset({"a"})),
    ]
    assert run_all(rules)[0] == [("a", "a"), ("b", "a")]


def test_a_loop_closed_by_a_switched_off_input_begins_behind_the_switch() -> None:
    rules = [
        Rule(job="z", links=(job_link("a"),), loop=frozenset({"a"})),
        Rule(job="a", links=(job_link("z", triggers=False),), loop=frozenset({"z"})),
    ]
    assert run_all(rules)[0] == [("a", "a"), ("z", "a")]


def test_a_loop_is_entered_where_a_job_outside_triggers_it() -> None:
    rules = [
        Rule(job="b", links=(job_link("c"),), loop=frozenset({"c"})),
        Rule(job="c", links=(job_link("b"), job_link("a")), loop=frozenset({"b"})),
        A,
    ]
    assert run_all(rules)[0] == [("a", "a"), ("c", "a"), ("b", "c")]


def test_jobs_with_a_lower_number_of_priority_start_first() -> None:
    rules = [Rule(job="low"), Rule(job="high", priority=0), Rule(job="middle", priority=5)]
    assert [job for job, _ in run_all(rules)[0]] == ["high", "middle", "low"]


def test_named_jobs_run_without_a_trigger_the_upstream_one_first() -> None:
    rules = [Rule(job="b", manual=True, links=(job_link("a"),)), Rule(job="a", manual=True)]
    assert run_all(rules)[0] == [("a", "a"), ("b", "b")]
    assert run_all(rules, {"a": "failure"})[1] == {"b": "blocked: a ended with failure"}


def test_a_job_that_cannot_run_blocks_what_needs_it() -> None:
    rules = [Rule(job="a", excluded="inconsistent"), Rule(job="b", links=(job_link("a"),)), Rule(job="c")]
    starts, left_out = run_all(rules)
    assert starts == [("c", "c")]
    assert left_out == {"a": "inconsistent", "b": "blocked: a was not run"}


def test_stopping_leaves_out_everything_that_has_not_started() -> None:
    run = LocalRun({rule.job: rule for rule in [A, Rule(job="b"), Rule(job="c", links=(job_link("a"),))]}, {}, 1)
    assert run.begin() == [Start("a", "a")]
    assert run.stop("interrupted") == [LeaveOut("b", "interrupted"), LeaveOut("c", "interrupted")]
    assert run.finished(Finished("a", "cancelled")) == []


@st.composite
def pipelines(draw: st.DrawFn) -> list[Rule]:
    """Random pipelines, loops included; `loop` is what reachability says."""
    names = [f"j{index}" for index in range(draw(st.integers(1, 8)))]
    links: dict[str, list[Link]] = {name: [] for name in names}
    for name in names:
        for upstream in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
            if upstream != name:
                make = draw(st.sampled_from([job_link, resource_link]))
                links[name].append(
                    make(
                        upstream,
                        triggers=draw(st.booleans()),
                        on_failure=draw(st.booleans()),
                        mode=draw(st.sampled_from(DependencyMode)),
                    )
                )
    above = {name: reach(name, links) for name in names}
    return [
        Rule(
            job=name,
            links=tuple(links[name]),
            priority=draw(st.integers(0, 3)),
            loop=frozenset(other for other in above[name] if name in above[other] and other != name),
        )
        for name in names
    ]


def reach(start: str, links: Mapping[str, list[Link]]) -> set[str]:
    found: set[str] = set()
    queue = [start]
    while queue:
        for link in links[queue.pop()]:
            if link.upstream not in found:
                found.add(link.upstream)
                queue.append(link.upstream)
    return found


@given(rules=pipelines(), data=st.data())
def test_every_job_runs_once_or_is_left_out_with_a_reason(rules: list[Rule], data: st.DataObject) -> None:
    names = [rule.job for rule in rules]
    statuses = {name: data.draw(st.sampled_from(["success", "failure", "error"])) for name in names}
    silent = data.draw(st.frozensets(st.sampled_from(names)))
    starts, left_out = run_all(rules, statuses, silent=silent, capacity=data.draw(st.integers(1, 3)))
    started = [job for job, _ in starts]
    assert sorted([*started, *left_out]) == sorted(names)
    assert all(left_out.values())


@given(rules=pipelines())
def test_no_job_is_triggered_by_what_cannot_trigger_it(rules: list[Rule]) -> None:
    starts, _ = run_all(rules)
    links = {rule.job: rule.links for rule in rules}
    for job, by in starts:
        assert by == job or any(link.via == by and link.triggers for link in links[job])
