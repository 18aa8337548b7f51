"""Who may talk to a supervisor: its starter on descriptor 0, and any process of the same user on its socket.

One JSON object a line. Commands: `cancel` (reason, by), `mask` (values), `note` (text, level). On the socket each line
is answered by a line: `{"ok":true}` once it is done, else `{"error":"…"}`. The starter gets no answers.
"""

from __future__ import annotations

import _socket
import os
import select
from _json import encode_basestring_ascii  # json's own, without the cost of importing json

from runner.execution.order import Order, parse_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable, Iterator
    from typing import Any

BLOCK = 256 * 1024
LONGEST = 4 * 1024 * 1024  # bytes of one command: a client that sends more is cut off
MOST_CLIENTS = 64
PLACE = "control"
"""The name of the socket beside the log of a build."""
COOKIE = "SHIPPABLE_SUPERVISOR"
"""The variable that every process of a build is born with: the path of this socket."""


class Starter:
    """The socket to the process that started this one; its end means that the starter is gone."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""
        self.open = True
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def order(self) -> Order:
        """Wait for the spec. Raises EOFError if the starter goes before it is complete."""
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            parts.append(os.read(self.descriptor, BLOCK))
            if not parts[-1]:
                raise EOFError("the starter went away before its order was complete")
        line, self._rest = b"".join(parts).split(b"\n", 1)
        return Order(parse_object(line))

    def readable(self) -> bool:
        """Whether something arrived, be it the end."""
        return bool(self._poll.poll(0))

    def commands(self) -> list[dict[str, Any]]:
        """What arrived; to be called when the socket is readable. Sets `open` to False at its end."""
        try:
            data = os.read(self.descriptor, BLOCK)
        except ConnectionError:
            data = b""
        self.open = bool(data)
        return self._complete(data)

    def waiting(self) -> list[dict[str, Any]]:
        """The commands that came together with the spec."""
        return self._complete(b"")

    def _complete(self, data: bytes) -> list[dict[str, Any]]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [parse_object(line) for line in lines]


class Door:
    """The socket that other processes of this user connect to. `do` carries out a command and may raise KeyError,
    TypeError or ValueError for one that is none; the client is told."""

    def __init__(self, listening: _socket.socket, path: str, do: Callable[[dict[str, Any]], None]) -> None:
        self._do = do
        self._listening: _socket.socket | None = listening
        self._path = path
        self._clients: dict[int, _Client] = {}

    @property
    def descriptors(self) -> list[int]:
        """Everything that is to be waited for now."""
        return [*([self._listening.fileno()] if self._listening else []), *self._clients]

    def serve(self, descriptor: int) -> bool:
        """Do what is asked for on one of `descriptors`; whether these have changed."""
        if self._listening is not None and descriptor == self._listening.fileno():
            return self._accept(self._listening)
        client = self._clients[descriptor]
        if client.serve(self._do):
            return False
        del self._clients[descriptor]
        client.close()
        return True

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            if os.path.lexists(self._path):
                os.unlink(self._path)

    def _accept(self, listening: _socket.socket) -> bool:
        try:
            descriptor, _ = listening._accept()  # type: ignore[attr-defined]  # what socket.accept is made of
        except OSError:  # it went away again, or there are no more descriptors: it may come again
            return False
        if len(self._clients) >= MOST_CLIENTS:
            os.close(descriptor)
            return False
        os.set_blocking(descriptor, False)
        self._clients[descriptor] = _Client(descriptor)
        return True


class _Client:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def serve(self, do: Callable[[dict[str, Any]], None]) -> bool:
        """Read, do and answer; False when this client is done with."""
        try:
            data = os.read(self._descriptor, BLOCK)
            *lines, self._rest = (self._rest + data).split(b"\n")
            answers = b"".join(self._answers(lines, do))
            return os.write(self._descriptor, answers) == len(answers) and self._goes_on(data)
        except OSError:  # it went away, or it does not read its answers
            return False

    def close(self) -> None:
        os.close(self._descriptor)

    def _goes_on(self, data: bytes) -> bool:
        return bool(data) and len(self._rest) <= LONGEST

    def _answers(self, lines: list[bytes], do: Callable[[dict[str, Any]], None]) -> Iterator[bytes]:
        for line in lines:
            try:
                do(parse_object(line))
            except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
                yield b'{"error":%s}\n' % encode_basestring_ascii(f"{type(error).__name__}: {error}").encode()
            else:
                yield b'{"ok":true}\n'
