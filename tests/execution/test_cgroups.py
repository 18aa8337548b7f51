"""A supervisor that is alone in its group, as systemd's scopes are for it, can hold its build to limits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.execution import cgroups

OURS = cgroups.hierarchies().get(cgroups.V2, "")
SUPERVISOR = """
import os, sys
from runner.execution import cgroups
group, controller = sys.argv[1:]
cgroups.put(group, "cgroup.procs", os.getpid())
build = cgroups.make(group, "build")
cgroups.enable(group, controller)
print(open("/proc/self/cgroup").read().splitlines()[-1])
print(open(f"{build}/cgroup.controllers").read())
"""


@pytest.fixture
def scope() -> Iterator[tuple[Path, str]]:
    """A group below ours that a controller was delegated to, and the name of that."""
    try:
        controller, *_ = Path(OURS, "cgroup.controllers").read_text().split()
        cgroups.put(OURS, "cgroup.subtree_control", f"+{controller}")
        group = cgroups.make(OURS, f"trial-scope-{os.getpid()}")
    except (OSError, ValueError):
        pytest.skip("this host delegates no controller of cgroup v2 to this user")
    yield Path(group), controller
    assert cgroups.remove(group)


def test_a_supervisor_alone_in_its_group_steps_aside_for_the_limits_of_its_build(scope: tuple[Path, str]) -> None:
    group, controller = scope
    said = subprocess.run(
        [sys.executable, "-c", SUPERVISOR, group, controller], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said[0].endswith(f"{group.name}/supervisor")
    assert said[1].split() == [controller]


def test_a_group_with_other_processes_is_left_as_it_is(scope: tuple[Path, str]) -> None:
    group, controller = scope
    with subprocess.Popen(["sleep", "600"]) as other:
        cgroups.put(str(group), "cgroup.procs", other.pid)
        with pytest.raises(OSError, match="busy"):
            cgroups.enable(str(group), controller)
        other.kill()
    assert not (group / cgroups.ASIDE).exists()
