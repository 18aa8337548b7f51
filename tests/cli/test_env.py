"""`runner env`: what a job would get, told without starting anything."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli.assignments import word
from tests.cli.remote_service import Command
from tests.runner_command import Project, Said

TEXT = """
    resources:
      - {name: p, type: params, versionTemplate: {params: {A: 1, M: "x\\ny\\e[31m\\u202e"}}}
      - {name: img, type: image, versionTemplate: {sourceName: r, versionName: v7}}
      - {name: role, type: integration, integration: deploy}
      - {name: kv, type: integration, integration: pairs}
      - {name: made, type: image, pointer: {sourceName: "host/$TOKEN/${OTHER}"}, seed: {versionName: v}}
      - {name: repo, type: gitRepo, versionTemplate: {sourceName: a/b, branch: master}}
    jobs:
      - name: ship
        type: runSh
        integrations: [listed]
        steps:
          - IN: p
          - IN: img
          - IN: role
          - IN: kv
          - IN: made
          - IN: repo
          - TASK: {name: one, runtime: {options: {env: [WHICH: first]}}, script: [echo]}
          - TASK: {name: two, runtime: {options: {env: [WHICH: second]}}, script: [echo]}
      - {name: after, type: runSh, steps: [IN: ship, TASK: {script: [touch ran]}]}
"""
INTEGRATIONS = """
    integrations:
      - {name: deploy, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::123456789012:role/deploy", region: eu-west-3}
      - {name: pairs, type: keyValuePair, envs: {TOKEN: do-not-show, OTHER: {command: [touch, fetched]}}}
      - {name: listed, type: webhookV2, webhookURL: {env: NOWHERE}}
"""


@pytest.fixture
def env(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(project.directory)
    return Command(monkeypatch, capsys)


def variables(said: Said) -> dict[str, tuple[str | None, str]]:
    assert said.code == 0, said
    return {one["name"]: (one["value"], one["source"]) for one in json.loads(said.out)["variables"]}


def dumped(project: Project) -> list[str]:
    with closing(sqlite3.connect(project.directory / ".runner/runner.db")) as store:
        return list(store.iterdump())


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("LANG", "x", "host"),
        ("A", "1", "params p"),
        ("P_PARAMS_A", "1", "IN p"),
        ("IMG_VERSIONNAME", "v7", "IN img"),
        ("IMG_VERSIONNUMBER", "1", "IN img"),
        ("KV_INTEGRATION_NAME", "pairs", "IN kv, integration pairs"),
        ("TOKEN", "****", "IN kv, integration pairs"),
        ("OTHER", "****", "IN kv, integration pairs"),
        ("MADE_SOURCENAME", "host/****/****", "IN made"),
        ("MADE_POINTER_SOURCENAME", "host/****/****", "IN made"),
        ("LISTED_INTEGRATION_WEBHOOKURL", "****", "integration listed"),
        ("GIVEN", "by hand", "--param"),
        ("WHICH", "first", "TASK one"),
        ("TASK_NAME", "one", "platform"),
        ("JOB_NAME", "ship", "platform"),
        ("BUILD_NUMBER", "1", "platform"),
        ("REPO_COMMIT", None, "IN repo"),
        ("ROLE_INTEGRATION_AWSACCOUNTID", "123456789012", "IN role, integration deploy"),
        ("AWS_REGION", "eu-west-3", "AWS"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "****", "AWS"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", None, "AWS"),
    ],
)
def test_each_variable_has_its_value_and_its_source(env: Command, name: str, value: str | None, source: str) -> None:
    found = variables(env("env", "ship", "--json", "--param", "GIVEN=by hand", LANG="x"))
    assert found[name] == (value, source)


def test_nothing_is_started_fetched_or_left_behind_and_no_secret_is_shown(env: Command, project: Project) -> None:
    said = env("env", "ship")
    assert said.code == 0
    assert "do-not-show" not in said.out + said.err
    files = {path.name for path in project.directory.rglob("*")}
    assert files == {"shippable.yml", ".runner", "integrations.yml"}


def test_a_store_stays_as_it_is_and_tells_the_next_build_what_it_would_get(env: Command, project: Project) -> None:
    project.write("""
        resources:
          - {name: img, type: image, versionTemplate: {sourceName: r, versionName: v1}}
        jobs:
          - {name: make, type: runSh, steps: [OUT: img, TASK: [script: shipctl put_resource_state img versionName 5.0]]}
          - {name: use, type: runSh, steps: [IN: img, IN: make, TASK: {script: [echo]}]}
    """)
    assert "make has no version; an input needs one" in env("env", "use").err
    assert env("run", "--job", "make").code == 0
    before = dumped(project)
    found = variables(env("env", "use", "--json"))
    assert found["IMG_VERSIONNAME"][0] == "5.0"
    assert found["MAKE_VERSIONNUMBER"][0] == "1"
    assert variables(env("env", "make", "--json"))["BUILD_NUMBER"][0] == "2"
    assert dumped(project) == before


def test_the_lines_are_what_bash_takes(env: Command) -> None:
    said = env("env", "ship", "-n", "M", "-n", "A*", "-n", "TOKEN")
    assert said.out.splitlines()[:3] == [
        "A=1  # params p",
        "M=$'x\\ny\\e[31m\\u202e'  # params p",
        "TOKEN=****  # IN kv, integration pairs",
    ]
    assert env("env", "ship", "-n", "REPO_COMMIT").out == "REPO_COMMIT=  # IN repo, known when it runs\n"


def test_another_task_and_wrong_names_are_told(env: Command) -> None:
    said = env("env", "ship", "-n", "WHICH", "--task", "two")
    assert said.out == "WHICH=second  # TASK two\n"
    assert said.err == "runner: these are the variables of TASK 'two'; --task shows: one\n"
    for arguments, sentence in (
        (["shp"], "there is no job shp (did you mean 'ship'?)"),
        (["ship", "--task", "tow"], "ship has no TASK 'tow' (did you mean 'two'?)"),
        (["ship", "-n", "TOKN"], "--name TOKN: ship gets no such variable (did you mean 'TOKEN'?)"),
        (["ship", "--param", "JOB_NAME=x"], "--param JOB_NAME: this variable is the platform's"),
    ):
        said = env("env", *arguments)
        assert (said.code, sentence in said.err) == (2, True), said


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40))
def test_whatever_a_value_holds_stands_on_one_line_and_bash_reads_it_back(value: str) -> None:
    line = word(value)
    assert line.isprintable()
    if not value.isprintable() or len(value) % 8 == 0:  # the others are shlex's
        read = subprocess.run(
            ["bash", "-c", f"printf %s {line}"],
            capture_output=True,
            check=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        assert read.stdout == value.encode()


def test_what_is_encrypted_is_named_and_hidden_or_said_to_be_closed(
    env: Command, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNNER_SECRETS__KEYS", str(tmp_path / "keys"))
    assert env("secrets", "keygen").code == 0
    sealed = env("encrypt", "PASSWORD=do-not-show").out.strip()
    project.write(f"""
        resources:
          - {{name: p, type: params, versionTemplate: {{params: {{A: b, {sealed}}}}}}}
        jobs:
          - {{name: ship, type: runSh, steps: [IN: p, TASK: {{script: [echo]}}]}}
    """)
    found = variables(env("env", "ship", "--json"))
    assert found["PASSWORD"] == ("****", "params p")
    assert found["P_PARAMS_PASSWORD"] == ("****", "IN p")
    assert "do-not-show" not in env("env", "ship").out
    said = env("env", "ship", RUNNER_SECRETS__KEYS=str(tmp_path / "none"))
    assert (said.code, "a build would not begin: shippable.yml:3:" in said.err) == (0, True), said
