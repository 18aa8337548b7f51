"""One request to a service and its answer; what can go wrong on the way, in one sentence."""

from __future__ import annotations

import grp
import http.client
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.client.address import Address
from runner.client.failures import LostError, RefusedError, ServiceError

CONNECT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 60.0
"""Longer than a service takes for a request before it gives up itself."""
KEEPALIVE_S = 30
"""After so long without a byte the kernel looks whether the other side of a TCP stream is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`path` is below the address, with its query. `stream`: the answer may pause for as long as it likes."""

    method: str
    path: str
    body: bytes | None = None
    stream: bool = False


class Answer:
    """The head of an answer; what follows is read by `read` and `read_some`. Close it."""

    def __init__(self, address: Address, connection: http.client.HTTPConnection, *, stream: bool) -> None:
        """Raises LostError, ServiceError. `stream`: from the head on it may take any time."""
        self._address = address
        self._connection = connection
        self._socket = connection.sock  # the answer takes it over once its end is known
        try:
            self._response = connection.getresponse()
        except http.client.HTTPException as error:
            connection.close()
            raise _broken(address, error) from error
        except OSError as error:
            connection.close()
            raise _failed(address, error) from error
        if stream:
            self._socket.settimeout(None)
        self.status = self._response.status

    @property
    def is_whole_head(self) -> bool:
        """Whether it says how its end is known: a head that broke off does not."""
        return self._response.chunked or self._response.length is not None

    def header(self, name: str) -> str:
        return self._response.headers.get(name, "")

    def read(self, most: int) -> bytes:
        """The whole body. Raises LostError, and ServiceError where it has more than `most` bytes."""
        parts: list[bytes] = []
        size = 0
        while part := self.read_some():
            parts.append(part)
            size += len(part)
            if size > most:
                raise ServiceError(f"{self._address.text} sends more than {most} bytes: that is no answer of a service")
        return b"".join(parts)

    def read_some(self) -> bytes:
        """The next bytes as they come; none at the end. Raises LostError where the answer breaks off."""
        try:
            return self._response.read1(256 * 1024)
        except http.client.HTTPException as error:
            raise LostError(f"the connection to {self._address.text} broke off") from error
        except (OSError, ValueError) as error:  # ValueError: half a chunk, as a server that is killed leaves it
            raise LostError(f"the connection to {self._address.text} broke off: {error}") from error

    def break_off(self) -> None:
        """End a `read_some` that waits in another thread."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended by itself

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def send(address: Address, headers: Mapping[str, str], request: Request) -> Answer:
    """Make a connection and send the request. Raises LostError, RefusedError, ServiceError."""
    connection = _connection(address)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise _failed(address, error) from error
    connection.sock.settimeout(ANSWER_LIMIT_S)
    if address.socket is None:
        _keep_alive(connection.sock)
    try:
        connection.request(request.method, request.path, request.body, dict(headers))
    except OSError as error:
        connection.close()
        raise _failed(address, error) from error
    return Answer(address, connection, stream=request.stream)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(CONNECT_LIMIT_S)
        self.sock.connect(str(self._path))


def _connection(address: Address) -> http.client.HTTPConnection:
    if address.socket is not None:
        return _UnixConnection(address.socket)
    if address.tls:
        return http.client.HTTPSConnection(address.host, address.port, timeout=CONNECT_LIMIT_S)
    return http.client.HTTPConnection(address.host, address.port, timeout=CONNECT_LIMIT_S)


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_S // 3)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _broken(address: Address, error: http.client.HTTPException) -> LostError:
    """Half a head of an answer looks like something else than HTTP."""
    if isinstance(error, http.client.RemoteDisconnected):
        return LostError(f"{address.text} has closed the connection without an answer")
    return LostError(f"{address.text} answers, but not as a service does: is it the right address (--host)?")


def _failed(address: Address, error: OSError) -> ServiceError:
    """The sentence for a connection that was not made, or broke before the answer."""
    match error:
        case FileNotFoundError() | ConnectionRefusedError():
            return LostError(
                f"no service answers at {address.text}: start it there ('runner serve', or its unit), or name another "
                "place with --host"
            )
        case PermissionError():
            return RefusedError(f"{address.text}: {_who_may(address.socket)}")
        case TimeoutError():
            return LostError(f"{address.text} does not answer in time: is the host up, and is it the right address?")
        case socket.gaierror():
            return LostError(f"{address.text}: there is no host {address.host} ({error.strerror})")
        case ssl.SSLCertVerificationError():
            return ServiceError(f"{address.text}: its certificate is not trusted: {error.verify_message}")
        case ssl.SSLError():
            return ServiceError(f"{address.text} does not speak TLS as it should ({error.reason}): http:// perhaps?")
        case ConnectionError():
            return LostError(f"the connection to {address.text} broke off before the answer ({error.strerror})")
        case _:
            return LostError(f"{address.text} cannot be reached: {error.strerror or error}")


def _who_may(path: Path | None) -> str:
    """Who is let in by the permissions of a socket."""
    if path is None:
        return "this host does not let you connect there"
    try:
        group = grp.getgrgid(os.stat(path).st_gid).gr_name
    except (OSError, KeyError):
        return f"you may not enter {path.parent}: ask who runs the service to let your user in"
    return f"its socket is for members of the group {group}, which you are not (id lists your groups)"
