"""`runner gc` on the store of local runs."""

from __future__ import annotations

import os

import pytest

from runner.store.locks import acquire
from tests.runner_command import Project


def test_gc_says_what_would_go_then_removes_it_and_its_number_is_said_to_be_removed(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: ['echo x > $JOB_STATE/x']}]}]\n")
    for _ in range(2):
        project.run()
    builds = project.directory / ".runner" / "builds"
    would = project.runner("gc", "--builds", "1", "--dry-run", "--json")
    assert sorted(os.listdir(builds)) == ["1", "2"]
    (tally,) = would.events
    assert [(build["job"], build["number"]) for build in tally["builds"]] == [("a", 1)]
    did = project.runner("gc", "--builds", "1", "--json")
    assert did.events == [{**tally, "dry_run": False}]
    assert os.listdir(builds) == ["2"]
    assert "a/1 was removed, it was beyond what is kept" in project.runner("logs", "a/1").err
    assert project.runner("gc").out == "nothing is beyond the limits\n"


def test_gc_leaves_a_store_to_the_service_that_runs_with_it(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: ['true']}]}]\n")
    project.run()
    lock = acquire(project.directory / ".runner" / "service.lock")
    said = project.runner("gc")
    assert (said.code, project.runner("gc", "--dry-run").code) == (2, 0)
    assert "a service runs with" in said.err
    os.close(lock)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--age=soon", "--age 'soon': give a duration such as 90d or 12h, or off"),
        ("--builds=0", "--builds '0': give a whole number, at least 1, or off"),
        ("--size=0", "--size '0': give a size such as 10GiB or 500M, or off"),
    ],
)
def test_a_limit_that_is_none_is_a_sentence(project: Project, option: str, told: str) -> None:
    assert told in project.runner("gc", option).err
