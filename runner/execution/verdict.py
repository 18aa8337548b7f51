"""How a build ended, in values and in a sentence. The statuses are those of exits, never of what a job printed."""

from __future__ import annotations

import os
from _json import encode_basestring_ascii  # json's own, without the cost of importing json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.execution.shell import Shell


SUCCESS, UNSTABLE = "success", "unstable"
SCRIPT, USER, TIMEOUT, LIMIT, RUNNER = "script", "user", "timeout", "limit", "runner"
"""Who or what ended a build: its own scripts, a person, the time limit, another limit, or the runner itself."""
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class Verdict:
    """`exit` is None where nothing exited with a status: after a signal, a cancel, a time limit or an error; `left`
    are the processes that were alive when their time was over, in words; `dropped` the records and bytes that the log
    has lost to its quota."""

    __slots__ = ("by", "dropped", "exit", "left", "reason", "signal", "status", "task")

    def __init__(
        self,
        status: str,
        reason: str | None = None,
        *,
        exit: int | None = None,
        signal: int | None = None,
        by: str = SCRIPT,
    ) -> None:
        self.status = status
        self.reason = reason
        self.exit = exit
        self.signal = signal
        self.by = by
        self.left: list[str] = []
        self.dropped = (0, 0)
        self.task: str | None = None


def judge(task: str, shell: Shell, wait_status: int) -> Verdict:
    """The verdict on a TASK whose shell has ended: success needs the status 0 and the shell's word that it got to
    the end of its script (so `exec true` is none)."""
    status = os.waitstatus_to_exitcode(wait_status)
    part = shell.failed or shell.section
    if status < 0:
        return Verdict("failure", f"task '{part}' failed: killed by signal {-status}", signal=-status)
    if status == 0 and shell.end == 0:
        return Verdict(SUCCESS, exit=0)
    if shell.end is None:
        told = f"exit status {status}, " if status else ""
        why = f"{told}its shell ended before the end of the script (an exec, or another EXIT trap)"
        return Verdict("failure", f"task '{part}' failed: {why}", exit=status or None)
    status = status or shell.end
    where = "in a hook: " if shell.body == 0 and part == task else ""
    return Verdict("failure", f"task '{part}' failed: {where}exit status {status}", exit=status)


def limit_reached(seconds: float) -> str:
    """`time limit of 60 minutes reached`"""
    return f"time limit of {_span(seconds)} reached"


def silence_reached(seconds: float) -> str:
    """`no output for 10 minutes`"""
    return f"no output for {_span(seconds)}"


def _span(seconds: float) -> str:
    number, unit = (seconds / 60, "minute") if seconds >= 60 and seconds % 60 == 0 else (seconds, "second")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """`512 MiB`: a number of bytes as people write a limit."""
    value, unit = float(number), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.4g} {UNITS[unit]}"


def write_result(path: str, verdict: Verdict, numbers: tuple[int, int], times: tuple[int, int]) -> None:
    """Leave the result file: whole or not at all. `numbers` are the next seq and id of the log, `times` begin and end
    in microseconds since 1970. Raises OSError."""
    values: dict[str, str | int | list[str] | None] = {
        "status": verdict.status, "exit": verdict.exit, "signal": verdict.signal, "reason": verdict.reason,
        "by": verdict.by, "left": verdict.left, "task": verdict.task,
        "dropped_records": verdict.dropped[0], "dropped_bytes": verdict.dropped[1],
        "seq": numbers[0], "next_id": numbers[1], "started_us": times[0], "ended_us": times[1],
    }  # fmt: skip
    text = "{" + ",".join(f'"{key}":{_json(value)}' for key, value in values.items()) + "}\n"
    temporary = f"{path}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(text.encode())
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, path)


def _json(value: str | int | list[str] | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{','.join(map(encode_basestring_ascii, value))}]"
    return encode_basestring_ascii(value) if isinstance(value, str) else str(value)
