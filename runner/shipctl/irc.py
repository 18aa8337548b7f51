"""A notice to a channel of an IRC server, in plain text as the platform sent it."""

from __future__ import annotations

import os
import pwd
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from runner.shipctl.console import RefusedError, complain, say
from runner.shipctl.notice import Notice, Options
from runner.shipctl.posting import ANSWER_S, SILENCE_S, UnreachableError

PORT = 6667
LINE_BYTES = 400
"""What of a text goes into one message; the protocol has 512 for all of a line."""
MOST_LINES = 20
"""Messages of one notice. More would be a flood, which servers answer by closing the connection."""
WELCOME, NICK_TAKEN = "001", "433"
REFUSALS = ("403", "404", "405", "431", "432", "451", "461", "464", "465", "471", "473", "474", "475", "477")


def send(notice: Notice) -> int:
    """To each recipient, `server#channel` or `server:port#channel`. Raises RefusedError, UnreachableError."""
    for recipient, line in notice.addressees().items():
        by_option = bool(notice.options.recipient)
        if by_option:
            say(line)
        place = _place(recipient)
        if not by_option:
            say(line)
        _tell(place, notice.options)
    return 0


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: int
    channel: str


def _place(recipient: str) -> _Place:
    server, _, rest = recipient.partition("#")
    channel = rest.partition("#")[0]
    if not channel or any(c in channel for c in " ,\a\0\r\n"):
        raise RefusedError(f"Error: no channel found in recipient {recipient}")
    if not server:
        raise RefusedError(f"Error: no server address found in recipient {recipient}")
    host, colon, port = server.rpartition(":")
    if colon and port.isdecimal() and ":" not in host and int(port) < 65536:
        return _Place(host, int(port), f"#{channel}")
    return _Place(server, PORT, f"#{channel}")


def _tell(place: _Place, options: Options) -> None:
    try:
        with socket.create_connection((place.host, place.port), timeout=SILENCE_S) as connection:
            _Talk(connection, place, options).run()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnreachableError(f"{place.host} cannot be told: {reason or error}") from None


class _Talk:
    """One connection, from the password to the end that the server makes."""

    def __init__(self, connection: socket.socket, place: _Place, options: Options) -> None:
        self.connection, self.place, self.options = connection, place, options
        self.nick = "".join(_one_line(options.username).split()) or "Shippable"
        self.welcome = False
        self.end = time.monotonic() + ANSWER_S

    def run(self) -> None:
        """Raises UnreachableError where the server refuses, OSError."""
        self._say(f"PASS {_one_line(self.options.password)}")
        self._say(f"USER {_login()} 0 * :{_one_line(self.options.username)}")
        self._say(f"NICK {self.nick}")
        for line in self._lines():
            self._answer(line)
            if time.monotonic() > self.end:
                raise TimeoutError("it takes too long")
        if not self.welcome:
            raise UnreachableError(f"{self.place.host} ended the connection before it let shipctl in")

    def _answer(self, line: str) -> None:
        words = line.split()
        if words and words[0].startswith(":"):
            del words[0]
        match words:
            case ["PING", *rest]:
                self._say(f"PONG {' '.join(rest)}")
            case [code, *_] if code == WELCOME and not self.welcome:
                self.welcome = True
                self._speak()
            case [code, *_] if code == NICK_TAKEN and not self.welcome and len(self.nick) < 60:
                self.nick += "_"
                self._say(f"NICK {self.nick}")
            case [code, *rest] if code in REFUSALS:
                raise UnreachableError(f"{self.place.host} refuses: {' '.join(rest)}")

    def _speak(self) -> None:
        self._say(f"JOIN {self.place.channel}")
        lines = list(_pieces(self.options.text))
        if len(lines) > MOST_LINES:
            complain(f"shipctl notify: the text is long for IRC: {MOST_LINES} lines of {len(lines)} are sent")
        for line in lines[:MOST_LINES]:
            self._say(f"NOTICE {self.place.channel} :{line}")
        self._say("QUIT")

    def _say(self, line: str) -> None:
        self.connection.sendall(os.fsencode(f"{line}\r\n"))

    def _lines(self) -> Iterator[str]:
        with self.connection.makefile("rb") as stream:
            while line := stream.readline(4096):
                yield line.decode(errors="replace")


def _login() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "shippable"


def _one_line(text: str) -> str:
    """A line break would begin another command."""
    return text.translate(dict.fromkeys(map(ord, "\r\n\0"), " "))


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        data = _one_line(line).strip().encode(errors="replace")
        while data:
            piece = data[:LINE_BYTES].decode(errors="ignore") or " "
            yield piece
            data = data[len(piece.encode()) :]
