"""Who calls, and what they may do."""

from __future__ import annotations

import errno
import functools
import os
import pwd
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

PEER_GROUPS = 59
"""`SO_PEERGROUPS` of socket(7), which Python has no name for."""
MOST_BYTES = 1024
"""That Python takes of a socket's option: 256 groups."""


class Scope(IntEnum):
    """What a caller may do; each includes those below it."""

    NOTHING = 0
    READ = 1
    RUN = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`name` is written down beside what they order; `key` is whom requests and streams are counted for."""

    name: str
    scope: Scope
    key: str


NOBODY = Caller(name="", scope=Scope.NOTHING, key="")


def peer(connection: socket.socket, group: int) -> Caller:
    """The process at the other end of a unix socket whose file belongs to `group`. Raises OSError."""
    _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid in (0, os.geteuid()):
        scope = Scope.ADMIN
    elif group == gid or group in _groups(connection, uid, gid):
        scope = Scope.RUN
    else:
        scope = Scope.NOTHING
    return Caller(name=user_name(uid), scope=scope, key=f"uid {uid}")


def _groups(connection: socket.socket, uid: int, gid: int) -> Sequence[int]:
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, PEER_GROUPS, MOST_BYTES)
    except OSError as error:
        if error.errno != errno.ERANGE:  # more of them than fit
            raise
        return os.getgrouplist(user_name(uid), gid)
    return struct.unpack(f"{len(found) // 4}I", found)


@functools.lru_cache(maxsize=256)
def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
