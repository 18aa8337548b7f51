"""What bad input gets: one clear sentence each, all at once, exit 2, nothing run, nothing written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.remote_service import Command
from tests.runner_command import RUNNER, Project

JOB = "{name: a, type: runSh, steps: [TASK: {script: [echo ran]}]}"


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("jobs:\n  - name: [a\n", "shippable.yml:2:11", "not valid YAML"),
        (f"jobs: [{JOB.replace('runSh', 'runSsh')}]", "shippable.yml:1:", "did you mean 'runSh'?"),
        ("jobs: [{name: a, type: runSh, steps: [TASK: *nowhere]}]", "shippable.yml:1:45", "alias *nowhere"),
        (f"jobs:\n - {JOB}\n - {JOB}", "shippable.yml:3:", "shippable.yml:2:"),
        ("jobs: [{name: a, type: runSh, steps: [IN: gone, TASK: {script: [x]}]}]", "shippable.yml:1:", "gone"),
        ("resources: [{name: r, type: integration, integration: gone}]", "shippable.yml:1:", "which does not exist"),
        ("jobs: [{name: a, type: runSh, steps: [TASK: {script: {x: y}}]}]", "shippable.yml:1:", "script"),
        (f"jbos: [{JOB}]", "shippable.yml:1:1", "did you mean 'jobs'?"),
        ("jobs: [{name: a, type: runSh, steps: [{IN: b, swtich: off}, TASK: {script: [x]}]}]", ":1:", "'switch'"),
        ("jobs: {a: b}", "shippable.yml:1:7", "jobs"),
        ("jobs: [{name: a, type: runSh, priority: 99999, steps: [TASK: {script: [x]}]}]", ":1:", "0..10000"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_place(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    place: str,
    sentence: str,
) -> None:
    project.write(text)
    monkeypatch.chdir(project.directory)
    for verb in ("run", "validate", "plan"):
        said = Command(monkeypatch, capsys)(verb)
        told = said.out + said.err
        assert said.code == 2, told
        assert place in told
        assert sentence in told
        assert "Traceback" not in told
    assert os.listdir(project.directory) == ["shippable.yml"]


def test_all_problems_of_all_files_are_told_at_once(project: Project) -> None:
    project.write("jobs: [{name: a, type: nothing, steps: []}]")
    project.write(
        "resources: [{name: r, type: imagee}, {name: s, type: params, versionTemplate: {}}]", "x/shippable.yml"
    )
    said = project.runner("validate", "--json")
    assert said.code == 2
    found = {(p["file"], p["subject"].partition("[")[0]) for p in said.events if p["severity"] == "error"}
    assert {file for file, _ in found} == {"shippable.yml", "x/shippable.yml"}
    assert len([p for p in said.events if p["severity"] == "error"]) >= 3


def test_a_file_that_cannot_be_read_is_one_sentence(project: Project) -> None:
    huge = project.directory / "huge.yml"
    with huge.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    (project.directory / "dir.yml").mkdir()
    (project.directory / "latin.yml").write_bytes(b"jobs: [\xff]")
    for argument, sentence in (
        ("missing.yml", "missing.yml:1:1: there is no such file or directory"),
        ("huge.yml", "huge.yml:1:1: is 105 MB large"),
        ("dir.yml", "dir.yml:1:1: no pipeline file in this directory"),
        ("latin.yml", "latin.yml:1:1: is not UTF-8 text"),
    ):
        said = project.runner("run", argument)
        assert said.code == 2
        assert sentence in said.err
        assert "Traceback" not in said.err
    assert not (project.directory / ".runner").exists()


def test_integrations_that_others_can_read_are_refused_with_the_command_that_mends_it(project: Project) -> None:
    project.write(f"jobs: [{JOB}]")
    path = project.integrations("integrations: [{name: i, type: keyValuePair, envs: {A: secret-text}}]")
    path.chmod(0o640)
    said = project.runner("run")
    assert said.code == 2
    assert "chmod 600" in said.err
    assert "secret-text" not in said.err


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("{name: i, type: amazonIamRol, assumeRoleARN: x}", "did you mean 'amazonIamRole'?"),
        ("{name: i, type: amazonIamRole}", "assumeRoleARN"),
        ("{name: i, type: AWS IAM, assumeRoleARN: nonsense}", "is not the ARN of an IAM role"),
        (
            "{name: i, type: AWS IAM, assumeRoleARN: 'arn:aws:iam::111122223333:role/r', awsAccountId: '444455556666'}",
            "the role belongs to account 111122223333",
        ),
    ],
)
def test_a_broken_integration_is_refused_with_its_place(project: Project, entry: str, sentence: str) -> None:
    project.write(f"jobs: [{JOB}]")
    project.integrations(f"integrations: [{entry}]")
    said = project.runner("run")
    assert said.code == 2
    assert "integrations.yml:1:" in said.err
    assert sentence in said.err


def test_what_is_inconsistent_is_left_out_if_that_is_asked_for(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [IN: elsewhere, TASK: {script: [echo a]}]}
          - {name: b, type: runSh, steps: [IN: a, TASK: {script: [echo b]}]}
          - {name: c, type: runSh, steps: [TASK: {script: [echo c]}]}
    """)
    assert project.run().code == 2
    said = project.run("--skip-inconsistent")
    assert said.code == 0
    assert said.statuses() == {"c": "success"}
    assert said.left_out().keys() == {"a", "b"}
    assert "inconsistent" in said.left_out()["a"]


def test_several_files_make_one_pipeline(project: Project) -> None:
    project.write("resources: [{name: p, type: params, versionTemplate: {params: {A: 1}}}]", "one/shippable.yml")
    project.write("jobs: [{name: a, type: runSh, steps: [IN: p, TASK: {script: [echo $A]}]}]", "two/shippable.yml")
    assert project.run("two").code == 2
    assert project.run("one", "two").messages("a") == ["1"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--job", "b"], "there is no such job"),
        (["run", "--param", "novalue"], "give KEY=VALUE"),
        (["run", "--param", "a-b=1"], "give KEY=VALUE"),
        (["run", "--param", "BUILD_NUMBER=2"], "--param BUILD_NUMBER: this variable is the platform's"),
        (["plan", "--param", "AWS_CONFIG_FILE=x"], "--param AWS_CONFIG_FILE: this variable is the platform's"),
        (["run", "--max-parallel", "0"], "--max-parallel"),
        (["run", "--output", "xml"], "--output"),
        (["run", "--nonsense"], "--nonsense"),
        (["rnu"], "rnu"),
        (["logs", "--since", "yesterday"], "is no moment"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(project: Project, arguments: list[str], sentence: str) -> None:
    project.write(f"jobs: [{JOB}]")
    said = project.runner(*arguments)
    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_store_in_which_nothing_has_run_is_told_apart_from_none(project: Project) -> None:
    assert "there is no .runner/ in" in project.runner("builds").err
    (project.directory / ".runner").mkdir()
    for verb in ("builds", "logs"):
        said = project.runner(verb)
        assert said.code == 2
        assert said.err.startswith(f"runner: no builds yet: nothing has run with {project.directory}/.runner/")


def test_a_store_that_cannot_be_made_is_one_sentence(project: Project) -> None:
    project.write(f"jobs: [{JOB}]")
    Path(project.directory / ".runner").write_text("a file")
    said = project.runner("run")
    assert said.code in (1, 2)
    assert ".runner" in said.err
    assert "Traceback" not in said.err


def test_a_pipeline_without_jobs_is_nothing_to_run(project: Project) -> None:
    project.write("resources: []")
    said = project.run()
    assert said.code == 2
    assert "nothing to run" in said.err
    assert not (project.directory / ".runner").exists()


def test_a_missing_integration_makes_only_what_reaches_it_inconsistent(project: Project) -> None:
    project.write("""
        resources: [{name: img, type: image, integration: dh, versionTemplate: {sourceName: s, versionName: v}}]
        jobs:
          - {name: a, type: runSh, steps: [IN: img, TASK: {script: [echo a]}]}
          - {name: b, type: runSh, steps: [TASK: {script: [echo b]}]}
    """)
    assert project.run().code == 2
    said = project.run("--skip-inconsistent")
    assert said.statuses() == {"b": "success"}
    assert "integration 'dh', which does not exist" in said.left_out()["a"]


def test_encrypted_parameters_end_the_job_that_uses_them(project: Project) -> None:
    project.write("""
        resources: [{name: p, type: params, versionTemplate: {params: {A: x, secure: abcdef}}}]
        jobs: [{name: a, type: runSh, steps: [IN: p, TASK: {script: [echo never]}]}]
    """)
    said = project.run()
    assert said.statuses() == {"a": "error"}
    assert "params 'p': this value was encrypted by the platform, whose private key is gone" in said.out


def test_a_file_that_is_no_text_is_one_json_problem_for_editors(project: Project) -> None:
    (project.directory / "shippable.yml").write_bytes("jobs: []".encode("utf-16"))
    said = project.runner("validate", "--json")
    assert said.code == 2
    assert "not UTF-8" in said.events[0]["message"]
    assert (said.events[0]["file"], said.events[0]["line"], said.events[0]["column"]) == ("shippable.yml", 1, 1)


def test_a_path_that_cannot_be_read_hides_no_problem_of_another_file(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSsh, steps: [IN: elsewhere]}]")
    said = project.runner("validate", "--format", "concise", "missing.yml", "shippable.yml", "gone")
    assert said.code == 2
    assert said.out.splitlines() == [
        "gone:1:1: there is no such file or directory [E101]",
        "missing.yml:1:1: there is no such file or directory [E101]",
        "shippable.yml:1:24: jobs[0].type: 'runSsh' is not a job type (did you mean 'runSh'?) [E301]",
    ]


@pytest.mark.parametrize("directory", [False, True])
def test_what_may_not_be_read_is_one_sentence(project: Project, directory: bool) -> None:
    path = project.directory / "unread.yml"
    path.mkdir() if directory else path.touch()
    path.chmod(0)
    # root reads everything, unless these two capabilities are taken away
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*less, RUNNER, "run", "unread.yml"],
        cwd=project.directory, env=project.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[0] == "unread.yml:1:1: cannot be read: you have no permission [E101]"
    assert "Usage" not in done.stderr
