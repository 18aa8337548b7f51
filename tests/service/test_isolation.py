"""What is said about what keeps jobs apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.execution.host_checks import Check
from runner.job_user import JobUser
from runner.service.isolation import isolation_checks, isolation_notes, unreachable

USER = JobUser(name="ada", uid=61018, gid=61018)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def found(users: list[JobUser], store: Path) -> dict[str, Check]:
    return {check.name: check for check in isolation_checks(users, store)}


def test_without_users_it_is_said_what_a_job_can_read(tmp_path: Path) -> None:
    check = found([], tmp_path)["job users"]
    assert check.good is None
    assert "the store, the integrations, the memory of the runner, other jobs" in check.text
    assert {"processes", "setuid programs", "links", "network", "shared directories"} <= found([], tmp_path).keys()
    assert any(note.startswith("network: jobs share the host's") for note in isolation_notes([], tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may change users")
def test_users_that_a_runner_cannot_use_are_told(tmp_path: Path) -> None:
    check = found([USER], tmp_path)["job users"]
    assert check.good is False
    assert "CAP_SETUID" in check.text


@needs_root
def test_with_users_what_they_may_and_what_they_cannot_reach_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "builds").mkdir()
    strong = JobUser(name="eve", uid=61017, gid=61017, groups=(0,))
    checks = found([USER, strong], tmp_path)
    assert checks["job users"].good
    assert checks["job user's groups"].text.startswith("eve is in the group root, whose members can become root")
    assert str(tmp_path / "builds") in checks["job user's reach"].text
    assert unreachable(USER, [Path("/bin/sh"), tmp_path / "builds"]) == [str(tmp_path / "builds")]
