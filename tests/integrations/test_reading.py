from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE
from runner.integrations.model import IntegrationsReading
from runner.integrations.sources import default_path, read_integrations
from runner.pipeline.problems import Place
from runner.pipeline.sealed import Envelope, Secure
from runner.secret import Secret
from tests.pipeline.reading import without_code

ROLE = "arn:aws:iam::123456789012:role/deploy"


def write(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "integrations.yml"
    path.write_text(text)
    path.chmod(mode)
    return path


def read(tmp_path: Path, text: str) -> IntegrationsReading:
    return read_integrations(write(tmp_path, text))


def said(tmp_path: Path, text: str) -> list[str]:
    """The problems of a file, without the directory it lies in."""
    return [without_code(problem).removeprefix(f"{tmp_path}/") for problem in read(tmp_path, text).problems]


ENTRY = f"""\
- name: deploy-role
  type: AWS IAM
  assumeRoleARN: {ROLE}
"""
INDENTED = "".join(f"  {line}\n" for line in ENTRY.splitlines())
NESTED = ENTRY.replace("  assumeRoleARN", "  fields:\n    assumeRoleARN")


@pytest.mark.parametrize("text", [ENTRY, f"integrations:\n{INDENTED}", NESTED])
def test_every_form_of_the_file_is_read(tmp_path: Path, text: str) -> None:
    reading = read(tmp_path, text)
    assert reading.problems == ()
    assert not reading.refused
    assert reading.integrations["deploy-role"].type is CATALOGUE["amazonIamRole"]
    assert reading.integrations["deploy-role"].fields == {"assumeRoleARN": ROLE}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "integrations:\n", "[]\n"])
def test_an_empty_file_has_no_integrations(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == IntegrationsReading(integrations={})


def test_secret_fields_and_fields_of_ones_own_are_secrets(tmp_path: Path) -> None:
    text = """
- {name: n, type: amazonKeys, accessKey: AKIA1, secretKey: hush, colour: blue}
- {name: k, type: Key-Value, envs: {A: b, N: 0.10}}
"""
    reading = read(tmp_path, text)
    assert reading.integrations["n"].fields == {
        "accessKey": "AKIA1",
        "secretKey": Secret("hush"),
        "colour": Secret("blue"),
    }
    assert reading.integrations["k"].fields == {"envs": {"A": Secret("b"), "N": Secret("0.10")}}
    assert "hush" not in repr(reading)


def test_every_problem_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    text = f"""\
integrations:
  - name: deploy-role
    type: AWS IAM
    assumeRoleARN: {ROLE}
    awsAccountId: 999999999999
    regin: eu-west-1
  - name: deploy-role
    type: slack
  - name: chat
    type: slakKey
  - type: jira
  - name: a/b
    type: nodeCluster
    nodes: one
  - name: keys
    type: sshKey
    publicKey: {{fle: a}}
    privateKey: [a]
  - just text
"""
    assert said(tmp_path, text) == [
        "integrations.yml:5:19: integrations[0].awsAccountId: the role belongs to account 123456789012, "
        "not to 999999999999 (leave awsAccountId out, or correct it)",
        "integrations.yml:6:5: warning: integrations[0].regin: 'regin' is not a field of AWS IAM; "
        "it is passed on as a secret (did you mean 'region'?)",
        "integrations.yml:7:5: integrations[1]: Slack needs the field 'webhookUrl'",
        f"integrations.yml:7:11: integrations[1].name: 'deploy-role' is used twice: "
        f"it already names the entry at {tmp_path}/integrations.yml:2:5",
        "integrations.yml:10:11: integrations[2].type: 'slakKey' is not an integration type (did you mean 'slackKey'?)",
        "integrations.yml:11:5: integrations[3]: the entry has no 'name'",
        "integrations.yml:11:5: integrations[3]: Jira needs the field 'url'",
        "integrations.yml:11:5: integrations[3]: Jira needs the field 'username'",
        "integrations.yml:11:5: integrations[3]: Jira needs the field 'token'",
        "integrations.yml:12:11: integrations[4].name: 'a/b' cannot be a name: it becomes a directory of the job "
        "(no '/', no control characters)",
        "integrations.yml:14:12: integrations[4].nodes: must be a list, not text",
        "integrations.yml:17:16: integrations[5].publicKey: must be text or a reference "
        "({env: NAME}, {file: PATH} or {command: [...]}) (did you mean 'file'?)",
        "integrations.yml:18:17: integrations[5].privateKey: must be text or a reference "
        "({env: NAME}, {file: PATH} or {command: [...]}), not a list",
        "integrations.yml:19:5: integrations[6]: must be an entry with 'name' and 'type', not text",
    ]


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("assumeRoleARN: deploy", "'deploy' is not the ARN of an IAM role (it looks like"),
        ("assumeRoleARN: ''", "AWS IAM needs a value here"),
        ("assumeRoleARN:", "AWS IAM needs a value here"),
        ("deliver: environ", "'environ' is not 'endpoint' or 'env'"),
        ("externalId: 'with space'", "'with space' is not 2 to 1224 letters"),
        ("region: Ireland", "'Ireland' is not the name of a region (like eu-west-1)"),
        ("awsAccountId: 1234", "'1234' is not an AWS account ID (12 digits)"),
        ("assumeRoleARN: {command: echo x}", "must be a list: the program and its arguments (there is no shell)"),
        ("assumeRoleARN: {command: []}", "must be a list: the program and its arguments"),
        ("assumeRoleARN: {env: }", "must be the name of a variable"),
        ("assumeRoleARN: {file: [a]}", "must be a path"),
        ("fields: text", "must be a mapping, not text"),
    ],
)
def test_a_wrong_value_is_one_sentence(tmp_path: Path, field: str, sentence: str) -> None:
    role = "" if field.startswith("assume") else f"  assumeRoleARN: {ROLE}\n"
    problems = said(tmp_path, f"- name: r\n  type: AWS IAM\n{role}  {field}\n")
    assert len(problems) == 1
    assert sentence in problems[0]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            "{name: s, type: gitCredential, host: 'https://git.x', port: 443, username: u, password: p}",
            "1:40: integrations[0].host: 'https://git.x' is not the name of a host (like git.example.com)",
        ),
        (
            "{name: s, type: Git Credential, host: git.x, port: 65536, username: u, password: p}",
            "1:54: integrations[0].port: '65536' is not a number from 1 to 65535",
        ),
        (
            "{name: s, type: gitlab, url: 'me:hush@git.x', token: t}",
            "1:32: integrations[0].url: is not the address of a server (like https://git.example.com)",
        ),
        (
            "{name: s, type: sshKey, publicKey: ssh-rsa A, privateKey: ~/.ssh/hush}",
            "1:61: integrations[0].privateKey: is not a key but the path of one: "
            "write {file: PATH} for what stands in a file",
        ),
        (
            "{name: s, type: pem-key, key: ./hush.pem}",
            "1:33: integrations[0].key: is not a key but the path of one: write {file: PATH} for what stands in a file",
        ),
        (
            "{name: s, type: Key-Value, envs: {1A: x}}",
            "1:37: warning: integrations[0].envs.1A: '1A' cannot be the name of a variable: "
            "only integration.json has it",
        ),
        (
            "{name: s, type: Key-Value, envs: {RANDOM: x}}",
            "1:37: warning: integrations[0].envs.RANDOM: 'RANDOM' cannot be the name of a variable: "
            "only integration.json has it",
        ),
        (
            "{name: s, type: Key-Value, envs: {A-B: x, AB: y}}",
            "1:45: warning: integrations[0].envs.AB: 'AB' and 'A-B' become the same variable: the later one wins",
        ),
        (
            "{name: s, type: jira, URL: u, Username: me, url: v, token: t}",
            "1:47: integrations[0].url: is given twice: the first is at 1:25",
        ),
        (
            "{name: s, type: amazonKeys, acessKey: a, secretKey: b}",
            "1:31: warning: integrations[0].acessKey: 'acessKey' is not a field of AWS Keys; "
            "it is passed on as a secret (did you mean 'accessKey'?)",
        ),
    ],
)
def test_what_the_types_want_of_their_values_is_one_sentence(tmp_path: Path, entry: str, sentence: str) -> None:
    text = "\n".join(said(tmp_path, f"- {entry}\n")).replace(f"{tmp_path}/integrations.yml:", "")
    assert sentence in text.replace("integrations.yml:", "").split("\n")
    assert "hush" not in text


def test_names_of_fields_may_be_written_in_any_case(tmp_path: Path) -> None:
    reading = read(tmp_path, "- {name: a, type: artifactoryKey, userName: u, PASSWORD: p, url: x}\n")
    assert not reading.refused
    assert list(reading.integrations["a"].fields) == ["username", "password", "url"]
    assert "p" not in repr(reading.integrations["a"].fields["password"])


def test_a_field_given_twice_is_a_problem(tmp_path: Path) -> None:
    problems = said(tmp_path, f"{ENTRY}  fields:\n    assumeRoleARN: {ROLE}\n")
    assert problems == [
        "integrations.yml:5:5: integrations[0].assumeRoleARN: is given twice: "
        f"the first is at {tmp_path}/integrations.yml:3:3"
    ]


def test_an_undefined_alias_is_reported_once(tmp_path: Path) -> None:
    problems = said(tmp_path, "- name: r\n  type: AWS IAM\n  assumeRoleARN: *role\n")
    assert len(problems) == 1
    assert "role" in problems[0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_open_is_refused_with_the_mending_command(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path, ENTRY, mode)
    reading = read_integrations(path)
    assert reading.refused
    assert reading.integrations == {}
    assert without_code(reading.problems[0]).endswith(f"(mode {mode:o}); run: chmod 600 {path}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ENTRY)
    os.chown(path, 12345, -1)
    assert "belongs to another user; run: sudo chown" in str(read_integrations(path).problems[0])


def test_what_is_no_file_of_integrations_is_one_sentence(tmp_path: Path) -> None:
    fifo, large, binary = tmp_path / "fifo", tmp_path / "large", tmp_path / "binary"
    os.mkfifo(fifo, 0o600)
    large.write_bytes(b"#" * (1 << 20) + b"#")
    binary.write_bytes(b"\xff\xfe")
    for path in (large, binary):
        path.chmod(0o600)
    sentences = {
        tmp_path: "this is a directory",
        tmp_path / "missing": "the file cannot be read: No such file",
        fifo: "this is not a file",
        large: "larger than 1 MiB",
        binary: "not UTF-8 text (byte 0)",
    }
    for path, sentence in sentences.items():
        (problem,) = read_integrations(path).problems
        assert sentence in str(problem)
        assert str(problem).startswith(f"{path}:1:1: ")


def test_the_file_beside_the_pipeline_goes_before_the_one_of_the_user(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    assert default_path(project, home) is None
    users = home / ".config/shippable-runner/integrations.yml"
    users.parent.mkdir(parents=True)
    users.touch()
    assert default_path(project, home) == users
    own = project / ".runner/integrations.yml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert default_path(project, home) == own


def test_encrypted_pairs_are_read_with_their_places_and_judged(tmp_path: Path) -> None:
    sealed = str(Envelope("0123456789abcdef", bytes(60)))
    text = f"""\
- name: kv
  type: Key-Value
  envs:
    A: open
    secure: [{sealed}, bm8gc2VjcmV0]
"""
    envs = read(tmp_path, text).integrations["kv"].fields["envs"]
    assert isinstance(envs, Mapping)
    first = Secure(sealed, Place(str(tmp_path / "integrations.yml"), 5, 14))
    assert list(envs.values())[:2] == [Secret("open"), first]
    assert said(tmp_path, text) == [
        "integrations.yml:5:121: warning: integrations[0].envs.secure[1]: this value was encrypted by the platform,"
        " whose private key is gone: it cannot be decrypted any more (encrypt it anew with 'runner encrypt')"
    ]
    assert said(tmp_path, text.replace("bm8gc2VjcmV0", "{env: X}"))[0].startswith(
        "integrations.yml:5:121: integrations[0].envs.secure[1]: must be an encrypted text, not a mapping"
    )
