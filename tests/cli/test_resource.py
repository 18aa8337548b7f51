"""`runner resource show` and `runner versions -C`: what a resource is, who uses it, what it holds and has held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.remote_service import Command
from tests.runner_command import Project

TEXT = """
    resources:
      - {name: img, type: image, integration: hub, versionTemplate: {sourceName: r, versionName: v1}}
      - {name: alone, type: params, versionTemplate: {params: {A: b}}}
    jobs:
      - name: make
        type: runSh
        steps:
          - OUT: img
            on_failure: true
          - TASK: {script: ['shipctl put_resource_state img versionName "2.$BUILD_NUMBER"']}
      - {name: use, type: runSh, steps: [{IN: img, versionNumber: 1}, TASK: {script: [echo]}]}
      - {name: named, type: runSh, steps: [{IN: img, versionName: v1}, TASK: {script: [echo]}]}
      - {name: gate, type: runSh, steps: [{IN: img, switch: off}, TASK: {script: [echo]}]}
"""
INTEGRATIONS = """
    integrations: [{name: hub, type: dockerRegistryLogin, username: u, password: do-not-show, email: a@b.c}]
"""


@pytest.fixture
def runner(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(project.directory)
    return Command(monkeypatch, capsys)


def test_a_resource_is_shown_with_its_uses_its_pins_and_what_made_its_versions(runner: Command) -> None:
    for _ in range(2):
        assert runner("run", "--job", "make").code == 0
    said = runner("resource", "show", "img")
    facts = dict(line.split(maxsplit=1) for line in said.out.splitlines()[:2])
    assert facts == {"resource": "img (image)", "declared": "shippable.yml:3:12"}
    assert "integration  hub" in said.out
    assert "do-not-show" not in said.out
    assert "IN of        use, named, gate (switch off)" in said.out
    assert "OUT of       make (on failure too)" in said.out
    assert "pins         number 1 by use, name v1 by named" in said.out
    assert "version      3 (2.2), made " in said.out
    assert " by make/2; 3 versions since " in said.out
    head, *rows = said.out.splitlines()[-4:]
    assert head.split() == ["VERSION", "NAME", "MADE", "BUILD", "CONTENT"]
    assert [(row.split()[1], row.split()[4]) for row in rows] == [("2.2", "make/2"), ("2.1", "make/1"), ("v1", "-")]
    found = json.loads(runner("resource", "show", "img", "--json").out)
    assert [version["versionName"] for version in found["history"]["newest"]] == ["2.2", "2.1", "v1"]
    assert [(use["job"], use["versionNumber"], use["switch"]) for use in found["ins"]] == [
        ("use", 1, True), ("named", None, True), ("gate", None, False),
    ]  # fmt: skip


def test_a_resource_is_shown_before_anything_has_run_and_leaves_no_store(runner: Command, project: Project) -> None:
    said = runner("resource", "show", "alone")
    assert "version      none yet: the first run makes one of the file" in said.out
    assert "IN of        no job" in said.out
    assert not (project.directory / ".runner/runner.db").exists()


def test_a_resource_that_is_in_no_file_any_more_is_still_shown(runner: Command, project: Project) -> None:
    assert runner("run", "--job", "make").code == 0
    project.write("jobs: [{name: make, type: runSh, steps: [TASK: {script: [echo]}]}]")
    said = runner("resource", "show", "img")
    assert "declared     in no file any more" in said.out
    assert "version      2 (2.1)" in said.out


def test_other_names_are_told(runner: Command) -> None:
    for name, sentence in (
        ("igm", "there is no resource igm (did you mean 'img'?)"),
        ("make", "make is a job, no resource: 'runner graph --job make' shows what is around it"),
    ):
        said = runner("resource", "show", name)
        assert (said.code, sentence in said.err) == (2, True), said


def test_the_versions_of_a_store_here_are_listed_as_those_of_a_service(runner: Command) -> None:
    assert runner("run", "--job", "make").code == 0
    assert [line.split()[:2] for line in runner("versions", "img", "-C", ".").out.splitlines()] == [
        ["VERSION", "NAME"], ["2", "2.1"], ["1", "v1"],
    ]  # fmt: skip
    assert runner("versions", "img", "-C", ".", "-n", "1", "--json").events[0]["versionName"] == "2.1"
    assert "there is no job or resource igm (did you mean 'img'?)" in runner("versions", "igm", "-C", ".").err
    assert "--directory does not go with --host" in runner("versions", "img", "-C", ".", "--host", "local").err
