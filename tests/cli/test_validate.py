"""`runner validate` as people and programs call it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.remote_service import Command

BROKEN = """jobs:
  - name: build
    type: runSsh
    steps: [{TASK: {script: make}}]
"""
WARNED = """jobs:
  - name: build.all
    type: runSh
    steps:
      - TASK:
          script:
            - 'true'
"""
HINTED = WARNED.replace("build.all", "build") + "resources: [{name: a, type: state}]\n"


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def write(text: str, name: str = "shippable.yml") -> None:
    Path(name).write_text(text)


def test_a_problem_is_shown_with_its_line_and_what_was_meant(runner: Command) -> None:
    write(BROKEN)
    said = runner("validate")
    assert said.code == 2
    assert said.out.splitlines() == [
        "shippable.yml:3:11: error[E301]: jobs[0].type: 'runSsh' is not a job type",
        "  |",
        "3 |     type: runSsh",
        "  |           ^^^^^^ did you mean 'runSh'?",
        "",
    ]
    assert said.err == "1 error: 0 jobs, 0 resources\n"


def test_a_valid_file_is_called_valid(runner: Command) -> None:
    write(HINTED)
    said = runner("validate", "--no-shell")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "valid, 1 hint: 1 job, 1 resource"
    write("jobs: []\n")
    assert runner("validate").out == "valid: 0 jobs, 0 resources\n"


def test_warnings_are_errors_where_they_are_asked_to_be_and_hints_are_not(runner: Command) -> None:
    write(WARNED)
    assert runner("validate").code == 0
    said = runner("validate", "--strict")
    assert (said.code, said.err) == (2, "1 warning: 1 job, 0 resources\n")
    for verb in ("run", "plan"):
        said = runner(verb, "--strict")
        assert said.code == 2
        assert "--strict takes them for errors; nothing was run" in said.err
    write(HINTED)
    assert runner("validate", "--strict").code == 0
    write(WARNED.replace("build.all", "build.all  # runner: ignore[W202]"))
    assert runner("validate", "--strict").code == 0
    assert runner("plan", "--strict").code == 0
    assert not Path(".runner").exists()


def test_each_format_is_for_its_reader(runner: Command) -> None:
    write(BROKEN)
    concise = "shippable.yml:3:11: jobs[0].type: 'runSsh' is not a job type (did you mean 'runSh'?) [E301]\n"
    assert runner("validate", "--format", "concise").out == concise
    (event,) = runner("validate", "--format", "json").events
    assert (event["code"], event["line"], event["column"], event["end_column"]) == ("E301", 3, 11, 17)
    assert runner("validate", "--json").events == [event]
    log = json.loads(runner("validate", "--format", "sarif").out)
    assert log["runs"][0]["results"][0]["ruleId"] == "E301"
    github = runner("validate", "--format", "github")
    assert github.code == 2
    assert github.out.startswith("::error file=shippable.yml,line=3,col=11,endColumn=16,title=E301::jobs[0].type: ")
    said = runner("validate", "--json", "--format", "sarif")
    assert (said.code, "two formats" in said.err) == (2, True)


def test_colours_are_for_terminals_that_want_them(runner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    write(BROKEN)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[" not in runner("validate").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\033[" in runner("validate").out
    assert "\033[" not in runner("validate", NO_COLOR="1").out


def test_scripts_are_parsed_unless_they_are_to_be_left_alone(runner: Command) -> None:
    write(WARNED.replace("'true'", "done").replace("build.all", "build"))
    said = runner("validate")
    assert said.code == 2
    assert said.out.startswith("shippable.yml:7:15: error[E311]: job 'build': bash cannot parse this: ")
    assert runner("validate", "--no-shell").code == 0


def test_what_is_secret_in_a_file_of_integrations_is_not_shown(runner: Command) -> None:
    write("resources: [{name: a, type: integration, integration: hub}]\n")
    path = Path("integrations.yml")
    path.touch(0o600)
    path.write_text("- {name: hub, type: amazonKeys, accessKey: hidden1, secretKey: hidden2, zone: hidden3}\n")
    for format_ in ("text", "concise", "json", "sarif", "github"):
        said = runner("validate", "--integrations", str(path), "--format", format_)
        assert "hidden" not in said.out + said.err
        assert "zone" in said.out
