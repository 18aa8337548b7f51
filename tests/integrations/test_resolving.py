from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from runner.errors import SetupError
from runner.integrations.aws_iam import Deliver, aws_role
from runner.integrations.model import ResolvedIntegration
from runner.integrations.references import CommandReference, fetch
from runner.integrations.sources import read_integrations, resolve
from runner.sealing.box import seal
from runner.sealing.key_files import make_pair, read_public
from runner.sealing.keyring import Keyring, SealedError
from runner.secret import Secret
from tests.execution.processes import gone

ROLE = "arn:aws:iam::123456789012:role/deploy"


async def resolved(tmp_path: Path, entry: str, **environ: str) -> ResolvedIntegration:
    """The one integration of a file whose other fields are valid."""
    path = tmp_path / "integrations.yml"
    path.write_text(f"- name: x\n  {entry}\n")
    path.chmod(0o600)
    reading = read_integrations(path)
    assert not reading.refused, reading.problems
    return await resolve(reading.integrations["x"], Keyring(Path("/no-keys")), environ)


async def test_references_are_fetched_and_become_secrets(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from file\n\n")
    entry = """type: jira
  url: {env: URL}
  username: {file: token}
  token: {command: [sh, -c, 'echo "$0 $PWD"', $HOME]}"""
    integration = await resolved(tmp_path, entry, URL="u")
    assert integration.values == {
        "url": Secret("u"),
        "username": Secret("from file\n"),
        "token": Secret(f"$HOME {tmp_path}"),
    }
    assert len(integration.secrets) == 3


async def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/hook").write_bytes(b"https://hook\r\n")
    integration = await resolved(tmp_path, "type: slackKey\n  webhookUrl: {file: ~/hook}")
    assert integration.text("webhookUrl") == "https://hook"


async def test_lists_and_pairs_may_hold_references(tmp_path: Path) -> None:
    nodes = await resolved(tmp_path, "type: nodeCluster\n  nodes: [a, {env: B}]", B="b")
    assert nodes.values == {"nodes": ("a", Secret("b"))}
    pairs = await resolved(tmp_path, "type: keyValuePair\n  envs: {A: a, B: {env: B}}", B="b")
    assert pairs.values == {"envs": {"A": Secret("a"), "B": Secret("b")}}


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("{env: NOPE}", "the environment variable NOPE is not set"),
        ("{file: nope}", "nope cannot be read: No such file"),
        ("{command: [nope-nope]}", "nope-nope cannot be started: No such file"),
        ("{command: [sh, -c, 'echo hush; echo no login >&2; exit 3']}", "exit status 3: no login"),
        ("{command: [sh, -c, 'kill -9 $$']}", "killed by SIGKILL, and nothing on its standard error"),
        (r"{command: [printf, '\377']}", "the value is not UTF-8 text"),
        (r"{command: [printf, 'a\0b']}", "the value holds a NUL character"),
        ("{command: ['true']}", "the value of 'webhookUrl' is empty"),
    ],
)
async def test_a_reference_that_fails_is_one_sentence_without_values(
    tmp_path: Path, reference: str, sentence: str
) -> None:
    with pytest.raises(SetupError) as caught:
        await resolved(tmp_path, f"type: slackKey\n  webhookUrl: {reference}")
    assert str(caught.value).startswith("integration 'x'")
    assert "webhookUrl" in str(caught.value)
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    command = CommandReference(("sh", "-c", "sleep 60 & echo $! >pid; wait"), tmp_path)
    started = time.monotonic()
    with pytest.raises(SetupError, match=r"no answer within 0\.5 s"):
        await fetch(command, {}, timedelta(seconds=0.5))
    assert time.monotonic() - started < 10
    await gone(int((tmp_path / "pid").read_text()))


async def test_a_cancelled_command_leaves_nothing_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    command = CommandReference(("sh", "-c", "echo $$ >started; exec sleep 60"), tmp_path)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(fetch(command, {}))
        pid = int(await asyncio.to_thread((tmp_path / "started").read_text))
        task.cancel()
    assert task.cancelled()
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_role_says_what_the_broker_needs(tmp_path: Path) -> None:
    entry = f"type: AWS IAM\n  assumeRoleARN: {ROLE}\n  region: {{env: R}}\n  externalId: e:1\n  deliver: env"
    role = aws_role(await resolved(tmp_path, entry, R="eu-west-1"))
    assert role is not None
    assert str(role.arn) == ROLE
    assert (role.integration, role.region, role.external_id, role.deliver) == ("x", "eu-west-1", "e:1", Deliver.ENV)


async def test_another_type_has_no_role(tmp_path: Path) -> None:
    assert aws_role(await resolved(tmp_path, "type: slackKey\n  webhookUrl: u")) is None


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("assumeRoleARN: {env: V}", "the value of 'assumeRoleARN' is not the ARN of an IAM role"),
        (f"assumeRoleARN: {ROLE}\n  awsAccountId: {{env: V}}", "'awsAccountId' is not the 12 digits of the role's own"),
        (f"assumeRoleARN: {ROLE}\n  deliver: {{env: V}}", "the value of 'deliver' is not 'endpoint' or 'env'"),
    ],
)
async def test_a_fetched_value_is_checked_without_being_shown(tmp_path: Path, entry: str, sentence: str) -> None:
    with pytest.raises(SetupError) as caught:
        await resolved(tmp_path, f"type: AWS IAM\n  {entry}", V="hush")
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)


async def test_encrypted_pairs_are_decrypted_in_their_place(tmp_path: Path) -> None:
    make_pair(tmp_path / "keys", "default", replace=False)
    sealed = seal(read_public(tmp_path / "keys/default.pub"), {"B": "two", "C": "three"})
    file = tmp_path / "integrations.yml"
    file.touch(0o600)
    file.write_text(f"- {{name: x, type: keyValuePair, envs: {{A: '1', B: '1', C: '1', secure: {sealed}}}}}\n")
    integration = read_integrations(file).integrations["x"]
    resolved = await resolve(integration, Keyring(tmp_path / "keys"))
    assert resolved.values["envs"] == {"A": Secret("1"), "B": Secret("two"), "C": Secret("three")}
    with pytest.raises(
        SealedError, match=r"integrations\.yml:1:72: integration 'x': this value cannot be decrypted"
    ) as told:
        await resolve(integration, Keyring(tmp_path))
    assert f"it was made for the key pair {sealed.pair}, and no private key is in {tmp_path} (" in str(told.value)
