"""The sockets of the API: a unix socket for this host, TCP for others."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import UsageError
from runner.service.settings import Address, Server

MODE = 0o660
"""Of the socket: what each caller may do is decided by who they are."""
DIRECTORY_MODE = 0o750
BACKLOG = 512


@dataclass(slots=True)
class Listeners:
    """Sockets that listen already. `group` is the one that the unix socket's file belongs to; `made` is that file as
    it was made."""

    sockets: tuple[socket.socket, ...]
    group: int
    path: Path
    made: os.stat_result | None

    def close(self) -> None:
        """The file goes with its socket, unless somebody has put another one there."""
        with contextlib.suppress(FileNotFoundError):
            if self.made is not None and os.path.samestat(self.made, self.path.lstat()):
                self.path.unlink()
        for each in self.sockets:
            each.close()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where TCP connections are taken, with the ports that were free."""
        names = [each.getsockname() for each in self.sockets if each.family != socket.AF_UNIX]
        return tuple(Address(name[0], name[1]) for name in names)


def open_listeners(server: Server, handed_over: Sequence[socket.socket] = ()) -> Listeners:
    """`handed_over` are sockets that systemd keeps open: they take the place of the unix socket. The file of a dead
    process is replaced: whoever calls must hold the lock of the service. Raises UsageError."""
    opened: list[socket.socket] = list(handed_over)
    try:
        if not handed_over:
            opened.append(_unix(server.socket))
        opened += [_tcp(address) for address in server.listen]
    except OSError as error:
        for each in opened:
            each.close()
        if opened and not handed_over:
            server.socket.unlink(missing_ok=True)
        raise UsageError(f"{_where(error, server)} cannot be listened at: {error.strerror or error}") from error
    for each in opened:
        each.setblocking(False)
    made = None if handed_over else server.socket.lstat()
    return Listeners(tuple(opened), _group(server.socket), server.socket, made)


def _unix(path: Path) -> socket.socket:
    path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"{path} is there and is no socket: remove it, or give server.socket another path")
        path.unlink()
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(opened.fileno(), MODE)  # what the file gets when it is made: never open to more, not for a moment
        opened.bind(str(path))
        path.chmod(MODE)  # the umask may have taken too much
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        error.filename = str(path)
        raise
    return opened


def _tcp(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address.host, address.port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        error.filename = str(address)
        raise
    return opened


def _where(error: OSError, server: Server) -> str:
    return str(error.filename or server.socket)


def _group(path: Path) -> int:
    try:
        return path.stat().st_gid
    except OSError:
        return os.getegid()
