"""Starting shipctl is cheap: scripts call it many times."""

from __future__ import annotations

import subprocess

import pytest

from runner.shipctl.main import DOCUMENTS, INTEGRATIONS, LOOKUPS
from tests.shipctl.conftest import PYTHON, Job

COSTLY = {
    "argparse",
    "asyncio",
    "botocore",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "json",
    "logging",
    "pathlib",
    "re",
    "shutil",
    "site",
    "subprocess",
    "typing",
    "yaml",
}
CALLS = {
    "get_json_value": ["IN/my-repo/version.json", "version.propertyBag"],
    "get_integration_keys": ["own"],
    "get_integration_field": ["own", "url"],
    "get_integration_resource_keys": ["my.keys"],
    "get_integration_resource": ["my.keys", "name"],
}


@pytest.mark.parametrize("command", [*LOOKUPS, *INTEGRATIONS, *DOCUMENTS])
def test_a_read_command_imports_nothing_costly(job: Job, command: str) -> None:
    arguments = CALLS.get(command, ["my-repo", "list"])
    python = [PYTHON[0], "-X", "importtime", *PYTHON[1:]]
    done = subprocess.run([*python, command, *arguments], env=job.environ, cwd=job.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "runner.names" in imported
    assert {name.partition(".")[0] for name in imported} & COSTLY == set()
