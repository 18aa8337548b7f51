"""Secure values from the key pair to the job: `runner secrets`, `runner encrypt`, and whoever decrypts."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli.main import cli
from runner.errors import UsageError
from runner.sealing.box import unseal
from runner.sealing.key_files import make_pair, private_keys
from tests.runner_command import RUNNER, Project, Said

OF_TASK = {"P": "of the task", "Q": "also his"}
SECRETS = {"TOKEN": "four-score", "PHRASE": 'seven "years" ago', "PEM": "-----BEGIN\nours\n"}


@pytest.fixture
def keys(project: Project) -> Path:
    """A directory with a key pair, which the commands of the project use."""
    directory = project.directory.parent / "keys"
    project.environ["RUNNER_SECRETS__KEYS"] = str(directory)
    make_pair(directory, "default", replace=False)
    return directory


def encrypt(keys: Path, *arguments: str, text: str = "") -> Result:
    """`runner encrypt` in this process."""
    environ = {"RUNNER_SECRETS__KEYS": str(keys), "RUNNER_PUBLIC_KEY": ""}
    return CliRunner().invoke(cli, ["encrypt", *arguments], input=text, env=environ, catch_exceptions=True)


def line(keys: Path, variables: dict[str, str]) -> str:
    """What `runner encrypt` prints for these."""
    done = encrypt(keys, *(f"{name}={value}" for name, value in variables.items()))
    assert re.fullmatch(r"secure: runner1\.[0-9a-f]{16}\.[\w-]+\n", done.stdout), done
    return done.stdout.rstrip()


def opened(keys: Path, printed: str) -> dict[str, str]:
    from runner.pipeline.sealed import envelope_of

    ((_, key),) = private_keys(keys)
    assert not isinstance(key, str)
    found = unseal(key, envelope_of(printed.removeprefix("secure: ")))
    return {name: value.reveal() for name, value in found.items()}


def changed(sealed: str) -> str:
    """The line with another sign in the middle."""
    return sealed[:80] + ("A" if sealed[80] != "A" else "B") + sealed[81:]


def stored(directory: Path) -> bytes:
    """Everything below `.runner`."""
    return b"".join(path.read_bytes() for path in (directory / ".runner").rglob("*") if path.is_file())


def test_a_pair_is_made_shown_by_its_fingerprint_and_not_made_twice(project: Project) -> None:
    directory = project.directory / "k"
    made = project.runner("secrets", "keygen", "--keys", "k")
    (pair,) = re.findall(r"^key pair ([0-9a-f]{16}) \(default\)$", made.out, re.MULTILINE)
    assert f"encrypt with: runner encrypt --public-key {directory}/default.pub KEY=VALUE\n" in made.out
    assert (directory / "default.key").read_text().splitlines()[1] not in made.out + made.err
    again = project.runner("secrets", "keygen", "--keys", "k")
    assert (again.code, again.out) == (2, "")
    assert "default.key is there already" in again.err
    listed = project.runner("secrets", "list", "--json", RUNNER_SECRETS__KEYS=str(directory))
    halves = {"private": f"{directory}/default.key", "public": f"{directory}/default.pub"}
    assert listed.events == [{"name": "default", "pair": pair, **halves}]


def test_the_keys_of_a_service_are_where_its_settings_say(project: Project) -> None:
    project.write('[secrets]\nkeys = "vault"\n', "runner.toml")
    made = project.runner("secrets", "keygen", "--service", "--config", "runner.toml", "--name", "build-host")
    assert made.code == 0, made
    assert (project.directory / "vault/build-host.key").exists()
    shown = project.runner("config", "show", "--config", "runner.toml")
    assert f'[secrets]\nkeys = "{project.directory}/vault"  # file\n' in shown.out
    (project.directory / "vault").chmod(0o777)
    said = project.runner("config", "check", "--config", "runner.toml")
    assert said.code == 2
    assert "secrets.keys: can be written by others than its owner (mode 777); run: chmod 700 " in said.err


def test_values_come_from_arguments_standard_input_or_lines_of_it(keys: Path) -> None:
    assert opened(keys, line(keys, SECRETS)) == SECRETS
    assert opened(keys, encrypt(keys, "A=").stdout) == {"A": ""}
    assert opened(keys, encrypt(keys, "A=1", "PEM", text="x\n y\n\n").stdout) == {"A": "1", "PEM": "x\n y\n"}
    assert opened(keys, encrypt(keys, text="\nA=1 B=2\r\nC= 'x' \n").stdout) == {"A": "1 B=2", "C": " 'x' "}


def test_a_value_is_asked_for_without_showing_it(project: Project, keys: Path) -> None:
    controller, terminal = pty.openpty()
    try:
        with subprocess.Popen(
            [RUNNER, "encrypt", "TOKEN"],
            stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, env=project.environ, start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # becomes the terminal of the session
        ) as process:  # fmt: skip
            shown = b""
            while b"TOKEN: " not in shown:
                shown += os.read(controller, 100)
            os.write(controller, b"four-score\n")
            out, _ = process.communicate()
    finally:
        os.close(controller)
        os.close(terminal)
    assert opened(keys, out.decode().rstrip()) == {"TOKEN": "four-score"}
    assert b"four" not in shown


@pytest.mark.parametrize(
    ("arguments", "text", "sentence"),
    [
        (["1A=x"], "", "'1A' cannot be the name of a variable"),
        (["UID=x"], "", "UID belongs to bash"),
        (["A=x", "A=y"], "", "A is given twice"),
        (["A", "B"], "", "A and B cannot all be standard input"),
        ([], "", "there is nothing to encrypt"),
        ([], "A=1\nhunter2\n", "line 2 of standard input is not KEY=VALUE"),
        (["A"], "", "nothing was given for A: where it is meant to be empty, say A="),
        (["A"], "\n", "nothing was given for A"),
        (["A"], "x\0y", "the value of A holds a NUL character"),
        (["A=x", "--public-key", "/no.pub"], "", "the public key /no.pub cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_encrypted_is_told_without_the_value(
    keys: Path, arguments: list[str], text: str, sentence: str
) -> None:
    done = encrypt(keys, *arguments, text=text)
    assert isinstance(done.exception, UsageError)
    assert sentence in str(done.exception)
    assert "hunter2" not in str(done.exception)
    assert done.stdout == ""


def test_quotes_and_several_variables_in_one_argument_are_doubted(keys: Path) -> None:
    done = encrypt(keys, 'A="x y"', "B=1 C=hunter2")
    assert done.stderr.splitlines() == [
        "note: the quotes around the value of A are a part of it",
        "note: the value of B holds a '=': several variables are several arguments",
    ]
    assert opened(keys, done.stdout.rstrip()) == {"A": '"x y"', "B": "1 C=hunter2"}


def test_params_env_and_pairs_are_decrypted_for_the_job_and_hidden_everywhere_else(
    project: Project, keys: Path
) -> None:
    project.integrations(
        f"integrations: [{{name: kv, type: keyValuePair, envs: {{A: here, {line(keys, {'KV': 'of the pairs'})}}}}}]"
    )
    project.write(f"""
        resources:
          - {{name: conf, type: params, versionTemplate: {{params: {{A: 1, TOKEN: old, {line(keys, SECRETS)}}}}}}}
          - {{name: out, type: params, versionTemplate: {{params: {{X: 1}}}}}}
        jobs:
          - name: a
            type: runSh
            integrations: [kv]
            steps:
              - IN: conf
              - OUT: out
                replicate: conf
              - TASK:
                  runtime:
                    options: {{env: [{{P: first}}, {{{line(keys, OF_TASK)}}}, {{Q: last}}]}}
                  script:
                    - echo "$TOKEN|$KV|$P|$Q|$CONF_PARAMS_PHRASE|${{secure-none}}"
                    - echo "${{#TOKEN}} ${{#KV}} ${{#P}} ${{#PHRASE}} ${{#PEM}} $(wc -l < IN/conf/params)"
                    - cat IN/conf/version.json >seen; grep -c 'four.score' IN/conf/params; grep -c score seen || true
    """)
    said = project.run()
    assert said.statuses() == {"a": "success"}, said
    shown = said.messages("a")
    assert [text for text in shown if "|" in text] == ["****|****|****|last|****|none"]
    assert "10 12 11 17 16 5" in shown
    assert [text for text in shown if text in "01"] == ["1", "0"]
    kept = stored(project.directory)
    for secret in (*SECRETS.values(), "of the pairs", "of the task"):
        assert secret.encode() not in kept
        assert secret not in said.out + said.err, secret
    assert b"runner1." in kept  # the versions hold what the file holds


def test_what_is_too_long_for_a_program_is_found_and_a_kept_shell_has_none_of_it(project: Project, keys: Path) -> None:
    long = 'a "long" é A="1\n' * 12_000
    sealed = encrypt(keys, "LONG", text=long).stdout.rstrip()
    project.write(f"""
        resources:
          - {{name: the.conf, type: params, versionTemplate: {{params: {{A: 1, {sealed}}}}}}}
          - {{name: plain, type: params, versionTemplate: {{params: {{B: 1}}}}}}
        jobs:
          - name: a
            type: runSh
            steps: [IN: the.conf, IN: plain, TASK: {{script: [make]}}]
    """)
    script = "shipctl get_params_resource the.conf long | sha256sum; stat -c %a secrets/the.conf_params.json"
    said = project.runner("shell", "a", "--keep", "--", "bash", "-c", script)
    assert (said.code, said.out) == (0, f"{hashlib.sha256(long.encode()).hexdigest()}  -\n600\n"), said
    (work,) = (project.directory / ".runner/shells").glob("*/work")
    assert {path.parent.name for path in work.glob("IN/*/params")} == {"plain"}
    assert b'a "long' not in stored(project.directory)


def test_a_plan_names_encrypted_variables_without_their_values(project: Project, keys: Path) -> None:
    sealed = line(keys, SECRETS)
    project.write(f"""
        resources: [{{name: conf, type: params, versionTemplate: {{params: {{{sealed}}}}}}}]
        jobs: [{{name: a, type: runSh, steps: [IN: conf, TASK: {{script: [make]}}]}}]
    """)
    said = project.runner("plan", "--json")
    (job,) = json.loads(said.out)["jobs"]
    assert job["variables"]["TOKEN"] == ["params conf", True]
    assert job["variables"]["CONF_PARAMS_PHRASE"] == ["IN conf", True]
    assert job["sealed"] == []
    assert "four-score" not in said.out
    blind = project.runner("plan", "--json", RUNNER_SECRETS__KEYS="/none")
    (job,) = json.loads(blind.out)["jobs"]
    assert "TOKEN" not in job["variables"]
    assert job["sealed"][0].startswith("shippable.yml:2:75: params 'conf': this value cannot be decrypted: it was made")


def test_the_environment_of_a_job_shows_encrypted_variables_without_their_values(project: Project, keys: Path) -> None:
    project.integrations(f"- {{name: kv, type: keyValuePair, envs: {{{line(keys, {'KV': 'of the pairs'})}}}}}\n")
    project.write(f"""
        resources:
          - {{name: conf, type: params, versionTemplate: {{params: {{A: four-score, {line(keys, SECRETS)}}}}}}}
          - {{name: img, type: image, versionTemplate: {{sourceName: x/$TOKEN, versionName: none}}}}
        jobs:
          - name: a
            type: runSh
            integrations: [kv]
            steps: [IN: conf, IN: img, TASK: {{runtime: {{env: {{{line(keys, OF_TASK)}}}}}, script: [make]}}]
    """)
    said = project.runner("env", "a", "--json")
    found = {each["name"]: (each["value"], each["secret"]) for each in json.loads(said.out)["variables"]}
    assert {found[name] for name in ("TOKEN", "CONF_PARAMS_PEM", "KV", "P", "Q")} == {("****", True)}
    assert found["IMG_SOURCENAME"][0] == "x/****"
    assert found["A"][0] == "****"  # the same text in the open
    assert not any(secret in said.out for secret in (*SECRETS.values(), *OF_TASK.values(), "of the pairs"))
    asked = project.runner("env", "a", "-n", "TOKEN", RUNNER_SECRETS__KEYS="/none")
    assert asked.code == 2
    assert "params 'conf': this value cannot be decrypted" in asked.err.partition("a gets no such variable")[0]
    blind = json.loads(project.runner("env", "a", "--json", RUNNER_SECRETS__KEYS="/none").out)
    assert "TOKEN" not in {each["name"] for each in blind["variables"]}
    assert [note[:67] for note in blind["notes"]] == [
        "a build would not begin: .runner/integrations.yml:1:49: integration",
        "a build would not begin: shippable.yml:3:82: params 'conf': this va",
        "a build would not begin: shippable.yml:9:63: 'Task 0' of 'a': this ",
    ]


def test_a_value_that_cannot_be_decrypted_ends_its_job_with_the_place_and_the_key_pair(
    project: Project, keys: Path
) -> None:
    sealed, pair = line(keys, SECRETS), line(keys, {"A": "1"}).split(".")[1]
    project.write(f"""
        resources: [{{name: conf, type: params, versionTemplate: {{params: {{{sealed}}}}}}}]
        jobs:
          - {{name: a, type: runSh, steps: [IN: conf, TASK: {{script: [echo never]}}]}}
          - {{name: b, type: runSh, steps: [TASK: {{runtime: {{env: {{{changed(sealed)}}}}}, script: [echo no]}}]}}
    """)
    other = project.directory / "other"
    host = make_pair(other, "host", replace=False)
    said = project.run(RUNNER_SECRETS__KEYS=str(other))
    reasons = {event["job"]: event["reason"] for event in said.events if event["event"] == "build_ended"}
    assert said.statuses() == {"a": "error", "b": "error"}
    assert reasons["a"].startswith(
        f"shippable.yml:2:75: params 'conf': this value cannot be decrypted: it was made for the key pair {pair}, "
        f"and {other} has host ({host.fingerprint})"
    )
    assert reasons["a"].endswith("[E121]")


def test_validating_tells_what_the_keys_here_can_and_cannot_decrypt(project: Project, keys: Path) -> None:
    sealed = line(keys, SECRETS)
    project.write(f"""
        language: none
        env: {{global: [{sealed}]}}
        jobs: [{{name: a, type: runSh, steps: [TASK: {{runtime: {{env: {{{changed(sealed)}}}}}, script: [make]}}]}}]
    """)
    told = project.runner("validate", "--format", "concise", "--no-shell")
    assert told.code == 2
    (problem,) = [text for text in told.out.splitlines() if "E121" in text]
    assert problem.startswith("shippable.yml:4:")
    assert "though the key pair" in problem
    blind = project.runner("validate", "--format", "concise", "--no-shell", RUNNER_SECRETS__KEYS="/none")
    assert blind.code == 0
    (hint,) = [text for text in blind.out.splitlines() if "W111" in text]
    assert hint.startswith("shippable.yml:3:24: hint: this value, and 1 more, can be decrypted only where the private")


def test_only_who_uses_secure_values_loads_what_decrypts_them(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [make]}]}]")
    for command in (["plan"], ["validate", "--no-shell"]):
        assert "cryptography" not in imported(project.runner(*command, PYTHONPROFILEIMPORTTIME="1"))


def imported(said: Said) -> set[str]:
    assert said.code == 0, said
    return {text.rpartition("|")[2].strip().partition(".")[0] for text in said.err.splitlines()}
