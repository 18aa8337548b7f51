"""Starting the process that leads a detached run, and hearing from it that it does."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Sequence

from runner.errors import RunnerError
from runner.store.runs import Runs

READY = b"led\n"


async def start_leader(runner: Sequence[str], runs: Runs, run_id: int, lock: int | None) -> None:
    """Start `runner lead` for a run, with its lock where we hold it. It outlives us. Returns when the run is led, by it
    or by another process; raises RunnerError with what it says where it cannot be."""
    said = await asyncio.to_thread(_start, runner, runs, run_id, lock)
    if said != READY:
        reason = said.decode("utf-8", "replace").strip()
        raise RunnerError(reason or f"its process ended: see {runs.notes_path(run_id)}")


def _start(runner: Sequence[str], runs: Runs, run_id: int, lock: int | None) -> bytes:
    """Start it and give what it says before it leads or gives up."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        argv = [*runner, "lead", str(runs.directory.parent), str(run_id), "--tell", str(writing)]
        notes = os.open(runs.notes_path(run_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(
                argv if lock is None else [*argv, "--lock", str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=notes,
                stderr=notes,
                pass_fds=(writing,) if lock is None else (writing, lock),
                start_new_session=True,
            )
        finally:
            os.close(notes)
            os.close(writing)
        said = _hear(reading)
    finally:
        os.close(reading)
    if said == READY:
        process.returncode = 0  # it is nobody's child from here on: nothing is waited for
    else:
        process.wait()
    return said


def _hear(reading: int) -> bytes:
    """All that the leader says before it leads or gives up."""
    said = b""
    while not said.endswith(READY) and (more := os.read(reading, 4096)):
        said += more
    return said
