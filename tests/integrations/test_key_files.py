"""The key files of integrations: which types have them, and that ssh reads what is written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runner.integrations.catalogue import CATALOGUE, IntegrationType
from runner.integrations.key_files import key_contents, key_files
from runner.integrations.model import ResolvedIntegration
from runner.secret import Secret


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.master_name)
def test_ssh_and_pem_keys_are_the_only_types_with_key_files(known: IntegrationType) -> None:
    expected = {
        "sshKey": ["_key", "_key.pub"],
        "ssh-key": ["_key", "_key.pub"],
        "pemKey": ["_key.pem"],
        "pem-key": ["_key.pem"],
    }
    assert [file.suffix for file in key_files(known)] == expected.get(known.master_name, [])


@pytest.fixture(scope="session")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path.read_text()


@pytest.mark.parametrize("type_", ["sshKey", "ssh-key", "pemKey", "pem-key"])
@pytest.mark.parametrize("lost", ["", "the last newline", "the line ends of the file"])
def test_ssh_reads_the_key_however_its_lines_end(tmp_path: Path, private_key: str, type_: str, lost: str) -> None:
    text = {
        "": private_key,
        "the last newline": private_key.rstrip("\n"),
        "the line ends of the file": private_key.replace("\n", "\r\n"),
    }[lost]
    kind = CATALOGUE[type_]
    field = "privateKey" if kind.field("privateKey") else "key"
    ((_, content),) = key_contents(ResolvedIntegration(name="k", type=kind, values={field: Secret(text)}))
    path = tmp_path / "key"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with open(descriptor, "w", newline="") as file:
        file.write(content)
    done = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("ssh-ed25519 "), done.stderr
