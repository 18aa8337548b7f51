"""A notice to a channel of an IRC server, in plain text as the platform sent it."""

from __future__ import annotations

import os
import pwd
import socket
import time
from collections.abc import Iterator

from runner.shipctl.console import RefusedError, complain, say
from runner.shipctl.irc_talk import MOST_LINES, Place, PlaceError, Talk, TalkRefusedError, Words
from runner.shipctl.notice import Notice, Options
from runner.shipctl.posting import ANSWER_S, SILENCE_S, UnreachableError


def send(notice: Notice) -> int:
    """To each recipient, `server#channel` or `server:port#channel`. Raises RefusedError, UnreachableError."""
    for recipient, line in notice.addressees().items():
        by_option = bool(notice.options.recipient)
        if by_option:
            say(line)
        try:
            place = Place.parse(recipient)
        except PlaceError as error:
            raise RefusedError(f"Error: {error}") from None
        if not by_option:
            say(line)
        _tell(place, notice.options)
    return 0


def _tell(place: Place, options: Options) -> None:
    words = Words(text=options.text, username=options.username, password=options.password, login=_login())
    try:
        with socket.create_connection((place.host, place.port), timeout=SILENCE_S) as connection:
            _talk(connection, place, Talk(place.channel, words))
    except TalkRefusedError as error:
        raise UnreachableError(f"{place.host} refuses: {error}") from None
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnreachableError(f"{place.host} cannot be told: {reason or error}") from None


def _talk(connection: socket.socket, place: Place, talk: Talk) -> None:
    """One connection, from the password to the end that the server makes."""
    end = time.monotonic() + ANSWER_S
    _say(connection, talk.begin())
    for line in _lines(connection):
        before = talk.welcome
        answer = talk.answer(line)
        if talk.welcome and not before and talk.cut:
            complain(f"shipctl notify: the text is long for IRC: {MOST_LINES} lines of {talk.cut} are sent")
        _say(connection, answer)
        if time.monotonic() > end:
            raise TimeoutError("it takes too long")
    if not talk.welcome:
        raise UnreachableError(f"{place.host} ended the connection before it let shipctl in")


def _say(connection: socket.socket, lines: list[str]) -> None:
    if lines:
        connection.sendall(os.fsencode("".join(f"{line}\r\n" for line in lines)))


def _lines(connection: socket.socket) -> Iterator[str]:
    with connection.makefile("rb") as stream:
        while line := stream.readline(4096):
            yield line.decode(errors="replace")


def _login() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "shippable"
