"""One attempt to tell somebody of a build."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from runner.logs.redaction import Redactor
from runner.notifications.channels import to_channel
from runner.notifications.destinations import Addressed, Destination, Email, Irc, Slack, Webhook
from runner.notifications.letter import Letter
from runner.notifications.mailing import mail
from runner.notifications.news import News
from runner.notifications.outcome import Attempt, NotSentError, UnreachableError
from runner.notifications.posting import to_slack, to_webhook
from runner.notifications.smtp import SmtpServer

TIME_S = 30.0
"""No recipient is begun with after that. One takes less than half a minute, an attempt has a minute."""


@dataclass(frozen=True, slots=True)
class Senders:
    """The real ones. `smtp` gives the server for e-mail as it is set now; it raises NotSentError where none is."""

    smtp: Callable[[], SmtpServer]

    async def send(self, letter: Letter) -> Attempt:
        destination = letter.addressed.destination
        if not isinstance(destination, Email):
            return _redacted(await _one_by_one(destination, letter), letter.addressed)
        try:
            server = self.smtp()
        except NotSentError as error:
            return Attempt(refused=tuple((name, str(error)) for name in letter.recipients))
        attempt = await mail(server, letter.recipients, letter.news, letter.identity, letter.at)
        return _redacted(attempt, letter.addressed, server)


async def _one_by_one(destination: Destination, letter: Letter) -> Attempt:
    """One recipient that refuses does not keep it from the others; who is not reached in time waits for the next
    attempt, so that nobody who was told is told again."""
    told, refused, later = [], [], []
    after: timedelta | None = None
    end = asyncio.get_running_loop().time() + TIME_S
    for recipient in letter.recipients:
        if asyncio.get_running_loop().time() > end:
            later.append((recipient, "the others took too long"))
            continue
        try:
            await _tell(destination, recipient, letter.news)
        except UnreachableError as error:
            later.append((recipient, str(error)))
            after = max(filter(None, (after, error.after)), default=None)
        except NotSentError as error:
            refused.append((recipient, str(error)))
        else:
            told.append(recipient)
    return Attempt(told=tuple(told), refused=tuple(refused), later=tuple(later), after=after)


async def _tell(destination: Destination, recipient: str, news: News) -> None:
    match destination:
        case Slack():
            await to_slack(destination, recipient, news)
        case Webhook():
            await to_webhook(destination, recipient, news)
        case Irc():
            await to_channel(recipient, news)
        case Email():
            raise NotSentError("an e-mail is sent to all at once")
        case _:
            assert_never(destination)


def _redacted(attempt: Attempt, addressed: Addressed, server: SmtpServer | None = None) -> Attempt:
    """What the other side says may repeat what it was told."""
    password = server.password if server is not None else None
    secrets = (*addressed.secrets, *((password,) if password is not None else ()))
    redactor = Redactor()
    redactor.add(secret.reveal().encode("utf-8", "surrogateescape") for secret in secrets)
    return Attempt(
        told=attempt.told,
        refused=tuple((name, redactor.redact(text)) for name, text in attempt.refused),
        later=tuple((name, redactor.redact(text)) for name, text in attempt.later),
        after=attempt.after,
    )
