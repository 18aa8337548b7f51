"""A notice to a channel of an IRC server."""

from __future__ import annotations

import asyncio
import contextlib

from runner.notifications.news import News
from runner.notifications.outcome import NotSentError, UnreachableError, told_by
from runner.shipctl.irc_talk import Place, PlaceError, Talk, TalkRefusedError, Words

WHOLE_S = 25.0
LINE = 4096
"""Bytes of a line of the server."""


async def to_channel(recipient: str, news: News) -> None:
    """`recipient` is `server#channel` or `server:port#channel`. Raises NotSentError."""
    try:
        place = Place.parse(recipient)
    except PlaceError as error:
        raise NotSentError(str(error)) from None
    words = Words(text=news.line, username=f"Shippable-{news.number}", password="none", login="shippable")  # noqa: S106  what the platform sent where a server wants none
    talk = Talk(place.channel, words)
    try:
        async with asyncio.timeout(WHOLE_S):
            await _talk(place, talk)
    except TalkRefusedError as error:
        raise NotSentError(f"{place.host} refuses: {error}") from None
    except TimeoutError:
        raise UnreachableError(f"{place.host} does not answer in time") from None
    except (OSError, ValueError) as error:
        reason = told_by(error) if isinstance(error, OSError) else str(error)
        raise UnreachableError(f"{place.host} cannot be reached: {reason}") from None
    if not talk.welcome:
        raise UnreachableError(f"{place.host} ended the connection before it let us in")


async def _talk(place: Place, talk: Talk) -> None:
    """From the password to the end that the server makes."""
    reader, writer = await asyncio.open_connection(place.host, place.port, limit=LINE)
    with contextlib.closing(writer):
        lines = talk.begin()
        while True:
            writer.writelines(f"{line}\r\n".encode("utf-8", "replace") for line in lines)
            await writer.drain()
            if not (line := await reader.readline()):
                return
            lines = talk.answer(line.decode("utf-8", "replace"))
