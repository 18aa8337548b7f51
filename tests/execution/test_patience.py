"""A supervisor that neither listens nor ends is killed in the end, and one that ends in time is left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from runner.execution.patience import Patience

LATER = 3600.0


@pytest.mark.parametrize("asked", [True, False])
async def test_what_does_not_end_after_its_time_is_killed(asked: bool) -> None:
    """Asked to end, or over its time limit without being asked."""
    process = await asyncio.create_subprocess_exec("sleep", "600")
    pidfd = os.pidfd_open(process.pid)
    patience = Patience(pidfd, 0, time.monotonic() + (LATER if asked else 0), margin=0.1)
    if asked:
        patience.expect_its_end()
    assert await process.wait() == -signal.SIGKILL
    assert patience.killed
    patience.close()
    os.close(pidfd)


async def test_what_was_stopped_is_woken_and_may_end_by_itself() -> None:
    script = "kill -STOP $$; exit 7"
    process = await asyncio.create_subprocess_exec("bash", "-c", script)
    await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    pidfd = os.pidfd_open(process.pid)
    patience = Patience(pidfd, 60, time.monotonic() + LATER)
    patience.expect_its_end()
    assert await process.wait() == 7
    patience.close()
    assert not patience.killed
    os.close(pidfd)
