"""Commands that write `$JOB_STATE/<resource>.env`, from which the next version of a resource or of the job is made.

The file has one `KEY=VALUE` a line; the last one of a key counts.
"""

from __future__ import annotations

import fcntl
import os

from runner.shipctl.console import RefusedError, directory
from runner.shipctl.replacing import replace_file

BLANKS = b" \t\n"


def run(command: str, arguments: list[str]) -> int:
    """`post_…` starts the file anew, `put_…` adds to it. Raises RefusedError for what the file cannot hold."""
    resource, *values = arguments
    if command.endswith("_multi"):
        lines = _words(values)
    else:
        lines = [os.fsencode(f"{values[0]}={values[1]}")]
        if b"\n" in lines[0]:
            raise RefusedError(
                f"shipctl: the state of {resource} has one KEY=VALUE a line and cannot hold a line break: "
                f"encode the value of '{values[0].partition(chr(10))[0]}', or save it with copy_file_to_state"
            )
    path = _state_file(resource)
    data = b"".join(line + b"\n" for line in lines)
    if command.startswith("post_"):
        replace_file(path, data)
    else:
        _append(path, data)
    return 0


def _state_file(resource: str) -> str:
    """The name of the file is the resource's name as it is written, not the sanitized one."""
    if "/" in resource or "\n" in resource:
        raise RefusedError(f"shipctl: '{resource}' is not the name of a resource: it names no single file")
    return f"{directory('JOB_STATE')}/{resource}.env"


def _words(values: list[str]) -> list[bytes]:
    whole = os.fsencode(" ".join(values))
    for blank in BLANKS:
        whole = whole.replace(bytes([blank]), b" ")
    return [word for word in whole.split(b" ") if word]


def _append(path: str, data: bytes) -> None:
    """One process at a time, so that two cannot mix their lines; a last line without its end gets one first."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if data and size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
