"""Unix sockets in directories of any length: the address of a socket must be short, the way to its directory need not.

Imported by the supervisor under `python -I -S`: the C module alone.
"""

from __future__ import annotations

import _socket
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


def listen(directory: Path | str, name: str) -> _socket.socket:
    """A listening socket for this user alone, in place of one that a process has left that is gone. Does not block.
    Raises OSError."""
    place = _open(directory)
    try:
        if name in os.listdir(place):
            os.unlink(name, dir_fd=place)
        kind = _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC
        listening = _socket.socket(_socket.AF_UNIX, kind)
        before = os.umask(0o177)
        try:
            listening.bind(f"/proc/self/fd/{place}/{name}")
        finally:
            os.umask(before)
        listening.listen(64)
        return listening
    finally:
        os.close(place)


def connect(directory: Path | str, name: str) -> _socket.socket:
    """A connection to the socket, blocking. Raises OSError, also where nobody listens any more."""
    place = _open(directory)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{place}/{name}")
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(place)
    return connection


def _open(directory: Path | str) -> int:
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
