"""Starting shipctl is cheap: scripts call it many times."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

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


@pytest.mark.parametrize(
    "call",
    [
        ["get_resource_id", "my-repo"],
        ["get_resource_id", "my repo é"],
        ["get_resource_version_key", "my-repo", "shaData.commitSha"],
        ["get_integration_resource_keys", "my.keys"],
    ],
)
def test_a_read_command_costs_at_most_three_bare_pythons(job: Job, call: list[str]) -> None:
    bare = [sys.executable, "-I", "-S", "-c", "pass"]
    ours = [str(job.bin / "shipctl"), *call]
    pairs = [(_seconds(bare, job), _seconds(ours, job)) for _ in range(9)]
    assert min(own for _, own in pairs) <= 3 * min(floor for floor, _ in pairs)


def _seconds(command: Sequence[str], job: Job) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=job.environ, cwd=job.root, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
