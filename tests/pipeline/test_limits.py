"""`runtime.limits` and `runtime.grace`: sizes as people write them, mistakes in their place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.pipeline.limits import parse_size
from runner.pipeline.model import Limits
from tests.pipeline.reading import errors, printed, read_job

TASK = "steps:\n  - TASK: {script: make}\n"


def test_limits_and_grace_of_a_job_are_read() -> None:
    job, reading = read_job(
        TASK + "runtime:\n  grace: 3\n  limits: {memory: 512MiB, pids: 200, cpuWeight: 50, openFiles: '1024', core: 0,"
        " log: 1G, disk: 1.5 GiB, savedFiles: 5MiB}\n"
    )
    assert printed(reading) == []
    assert job.runtime.grace == timedelta(seconds=3)
    assert job.runtime.limits == Limits(
        memory=512 * 1024**2,
        pids=200,
        cpu_weight=50,
        open_files=1024,
        core=0,
        log=1024**3,
        disk=3 * 1024**3 // 2,
        saved_files=5 * 1024**2,
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("17", 17), ("1k", 1024), ("2K", 2048), ("3KiB", 3072), ("1 MB", 1_000_000), ("1.5g", 1610612736),
     ("1TiB", 1024**4), ("10B", 10), ("", None), ("x", None), ("-1", None), ("1 Mib b", None), ("1e3", None)],
)  # fmt: skip
def test_a_size_is_a_number_with_a_unit(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("runtime", "sentence"),
    [
        ("{limits: {memory: lots}}", "runtime.limits.memory: must be a size such as 512MiB or 2G, not 'lots'"),
        ("{limits: {memory: 5}}", "runtime.limits.memory: must be a size of at least 1048576 bytes, not '5'"),
        ("{limits: {pids: 0}}", "runtime.limits.pids: must be 1..4000000, not '0'"),
        ("{limits: {cpuWeight: 20000}}", "runtime.limits.cpuWeight: must be 1..10000, not '20000'"),
        ("{limits: 5}", "runtime.limits: must be a mapping of memory, pids, cpuWeight, openFiles, core, log, disk,"
         " savedFiles, not '5'"),
        ("{limits: {mem: 1G}}", "runtime.limits: there is no limit 'mem': there are memory, pids, cpuWeight, openFiles,"
         " core, log, disk, savedFiles"),
        ("{grace: soon}", "runtime.grace: must be a whole number, 0..3600, not 'soon'"),
    ],
)  # fmt: skip
def test_a_wrong_limit_is_named_with_what_it_must_be(runtime: str, sentence: str) -> None:
    found = errors(read_job(f"{TASK}runtime: {runtime}")[1])
    assert [line.split("jobs[0].", 1)[1] for line in found] == [sentence]


def test_the_narrower_limit_counts() -> None:
    job = Limits(memory=10, pids=5)
    assert job.within(Limits(memory=7, pids=9, disk=1)) == Limits(memory=7, pids=5, disk=1)
    assert Limits().within(Limits()).given() == {}
