"""A clock that jumps: what a build does, and what its log proves, does not hang on the time of day."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from runner.execution.launcher import SUPERVISOR, supervisor_program
from runner.execution.model import encode_spec, read_result
from tests.execution.harness import Job, Ran, read_log, task

JUMPING = """
import itertools, runpy, sys, time
true, jumps = time.time_ns, itertools.cycle((0, -3600, 7200, -86400, 86400))
time.time_ns = lambda: true() + next(jumps) * 10**9
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


async def test_a_clock_that_jumps_costs_neither_records_nor_time(tmp_path: Path) -> None:
    script = ("for i in $(seq 200); do echo $i; done", "seq 1000")
    job = Job(place=tmp_path, tasks=(task(*script, name="one"), task("echo end", name="two")))
    spec = job.spec()
    packages = supervisor_program()[supervisor_program().index(str(SUPERVISOR)) + 1 :]
    program = (sys.executable, "-I", "-S", "-c", JUMPING, str(SUPERVISOR), *packages)
    ours, theirs = socket.socketpair()
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    with ours, theirs, os.fdopen(lock):
        supervisor = await asyncio.create_subprocess_exec(*program, stdin=theirs.fileno(), pass_fds=(lock,))
        ours.sendall(encode_spec(spec, lock))
        assert await supervisor.wait() == 0
    result = read_result(tmp_path / "result.json")
    ran = Ran(result, read_log(job.log))
    assert result.status == "success"
    assert ran.lines == [*map(str, range(1, 201)), *map(str, range(1, 1001)), "end"]
    assert len({record["time"][:13] for record in ran.records}) > 3
    assert all(record["duration_us"] < 60_000_000 for record in ran.records if record["type"] == "end")
