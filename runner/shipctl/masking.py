"""`shipctl mask VALUE…`: hide a value in what the job logs from now on.

It tells the supervisor of the build and returns once that knows, so nothing that is printed afterwards shows the value.
"""

from __future__ import annotations

import _socket
import os
from _json import encode_basestring_ascii  # json's own, without the cost of importing json

from runner.shipctl.console import RefusedError, complain

SUPERVISOR = "SHIPPABLE_SUPERVISOR"
"""The variable of every job that names its supervisor's socket."""
_LIMIT_S = 10.0
_DONE = b'{"ok":true}\n'


def run(values: list[str]) -> int:
    """`-` stands for what is on standard input. Raises RefusedError outside a job, OSError where nobody answers."""
    path = os.environ.get(SUPERVISOR)
    if not path:
        raise RefusedError(f"shipctl: {SUPERVISOR} is not set: this command works inside a job")
    given = [_standard_input() if value == "-" else value for value in values]
    listed = ",".join(encode_basestring_ascii(value) for value in given)
    if (said := _ask(path, f'{{"do":"mask","values":[{listed}]}}\n'.encode())) != _DONE:
        complain(f"shipctl mask: nothing is hidden: {said.decode(errors='replace').strip() or 'no answer'}")
        return 1
    return 0


def _standard_input() -> str:
    parts = []
    while part := os.read(0, 65536):
        parts.append(part)
    return os.fsdecode(b"".join(parts))


def _ask(path: str, line: bytes) -> bytes:
    """Send a line to the supervisor and give its answer. The address of a socket must be short, a path need not."""
    directory, _, name = path.rpartition("/")
    place = os.open(directory, os.O_PATH | os.O_DIRECTORY)  # a job's user may pass through it, not list it
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(_LIMIT_S)
    connection.connect(f"/proc/self/fd/{place}/{name}")
    connection.sendall(line)
    return connection.recv(65536)
