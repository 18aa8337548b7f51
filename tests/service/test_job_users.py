"""Jobs that run as users of their own: real users, real shells. Each test process has numbers of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.service.job_users import JobUsers
from tests.service.world import world

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a job as another user")


def numbers(count: int) -> list[str]:
    """Users that this test process has for itself, and this host does not know."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 61000 + 20 * worker
    return [f"{uid}:{uid}" for uid in range(first, first + count)]


@pytest.fixture
def state() -> Iterator[Path]:
    """A store where other users could come by: those of the tests are beneath a private directory."""
    directory = Path(tempfile.mkdtemp(prefix="job-users-"))
    directory.chmod(0o755)
    (directory / "state").mkdir(mode=0o700)
    yield directory / "state"
    shutil.rmtree(directory)


async def test_a_job_is_its_own_user_with_a_home_and_a_place_for_files(state: Path) -> None:
    show = """
      jobs:
        - name: a
          type: runSh
          steps:
            - TASK:
                script:
                  - id -u; id -g; id -G
                  - echo "$USER $LOGNAME $SHELL"
                  - touch "$HOME/x" "$TMPDIR/x" "$JOB_STATE/x" IN/x && echo "${HOME##*/} ${TMPDIR##*/}"
                  - echo through the name of the pipe > /dev/stderr
                  - stat -c '%U %a' "$(dirname "$BUILD_DIR")" | sed s/UNKNOWN/-/
    """
    (user,) = numbers(1)
    uid = user.partition(":")[0]
    async with world(state, show, job_users=JobUsers([user], state)) as found:
        ran = await found.built("a")
    assert ran.ended.status == "success", ran.records
    assert ran.lines == [
        uid,
        uid,
        uid,
        f"{uid} {uid} /bin/bash",
        "home tmp",
        "through the name of the pipe",
        "root 710",
    ]
