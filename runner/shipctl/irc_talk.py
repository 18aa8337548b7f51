"""The words of one notice to a channel of an IRC server: which lines are said first, and what is answered to each.

Nothing here reads or writes: `shipctl notify` and the runner talk over connections of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PORT = 6667
LINE_BYTES = 400
"""What of a text goes into one message; the protocol has 512 for all of a line."""
MOST_LINES = 20
"""Messages of one notice. More would be a flood, which servers answer by closing the connection."""
WELCOME, NICK_TAKEN = "001", "433"
REFUSALS = ("403", "404", "405", "431", "432", "451", "461", "464", "465", "471", "473", "474", "475", "477")


class TalkRefusedError(Exception):
    """The server does not want to hear it: the text is in its own words."""


class PlaceError(ValueError):
    """A recipient that names no place: the text is the sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    host: str
    port: int
    channel: str

    @classmethod
    def parse(cls, recipient: str) -> Place:
        """`server#channel` or `server:port#channel`. Raises PlaceError."""
        server, _, rest = recipient.partition("#")
        channel = rest.partition("#")[0]
        if not channel or any(c in channel for c in " ,\a\0\r\n"):
            raise PlaceError(f"no channel found in recipient {recipient}")
        if not server:
            raise PlaceError(f"no server address found in recipient {recipient}")
        host, colon, port = server.rpartition(":")
        if colon and port.isdecimal() and ":" not in host and int(port) < 65536:
            return cls(host, int(port), f"#{channel}")
        return cls(server, PORT, f"#{channel}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said, and as whom; `login` is the user of this host."""

    text: str
    username: str
    password: str
    login: str


class Talk:
    """`welcome` is true once the server has let us in: then the text has been said."""

    def __init__(self, channel: str, words: Words) -> None:
        self.welcome = False
        self._channel = channel
        self._words = words
        self._nick = "".join(_one_line(words.username).split()) or "Shippable"
        self._lines = list(_pieces(words.text))

    @property
    def cut(self) -> int:
        """How many lines the text has where that is more than are said; else 0."""
        return len(self._lines) if len(self._lines) > MOST_LINES else 0

    def begin(self) -> list[str]:
        return [
            f"PASS {_one_line(self._words.password)}",
            f"USER {self._words.login} 0 * :{_one_line(self._words.username)}",
            f"NICK {self._nick}",
        ]

    def answer(self, line: str) -> list[str]:
        """What to say to a line of the server. Raises TalkRefusedError."""
        words = line.split()
        if words and words[0].startswith(":"):
            del words[0]
        match words:
            case ["PING", *rest]:
                return [f"PONG {' '.join(rest)}"]
            case [code, *_] if code == WELCOME and not self.welcome:
                self.welcome = True
                said = (f"NOTICE {self._channel} :{text}" for text in self._lines[:MOST_LINES])
                return [f"JOIN {self._channel}", *said, "QUIT"]
            case [code, *_] if code == NICK_TAKEN and not self.welcome and len(self._nick) < 60:
                self._nick += "_"
                return [f"NICK {self._nick}"]
            case [code, *rest] if code in REFUSALS:
                raise TalkRefusedError(" ".join(rest))
        return []


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
