"""Slack and webhooks. The address of a webhook is a secret: only its host is ever named."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus

import aiohttp
from yarl import URL

from runner.notifications.destinations import Slack, Webhook
from runner.notifications.news import News, one_line
from runner.notifications.outcome import NotSentError, UnreachableError, told_by
from runner.pipeline.plain import Json
from runner.secret import Secret

SILENCE_S = 10.0
"""How long a service may say nothing."""
WHOLE_S = 20.0
QUOTED = 200
"""Characters of an answer that are told."""
LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
USER_NAME = "Shippable"


async def to_slack(slack: Slack, recipient: str, news: News) -> None:
    """Raises NotSentError."""
    attachment = {"pretext": news.headline, "text": news.details, "color": news.color, "fallback": news.line}
    body: dict[str, Json] = {
        "username": USER_NAME,
        "attachments": [{key: _escaped(value) for key, value in attachment.items()}],
    }
    await _post(slack.url, {**body, "channel": recipient} if recipient else body, {})


async def to_webhook(webhook: Webhook, recipient: str, news: News) -> None:
    """Raises NotSentError."""
    body: dict[str, Json] = {
        "username": USER_NAME,
        "pretext": news.headline,
        "text": news.details,
        "color": news.color,
        "recipient": recipient,
        "icon_url": "",
        "build": _facts(news),
    }
    if webhook.payload is not None:
        body["payload"] = webhook.payload
    headers = {} if webhook.authorization is None else {"Authorization": webhook.authorization.reveal()}
    await _post(webhook.url, body, headers)


def _facts(news: News) -> dict[str, Json]:
    return {
        "id": news.build,
        "name": news.name,
        "job": news.job,
        "number": news.number,
        "status": news.status,
        "reason": news.reason,
        "duration_s": None if news.duration is None else round(news.duration.total_seconds(), 3),
        "triggered_by": news.triggered_by,
        "by": news.by,
        "about": news.about,
        "log": news.log,
    }


def _escaped(text: str) -> str:
    """As Slack wants it: what looks like a link or a mention in a message of ours is none."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def _post(url: Secret, body: Mapping[str, Json], headers: Mapping[str, str]) -> None:
    host = "the service"
    limits = aiohttp.ClientTimeout(total=WHOLE_S, sock_connect=SILENCE_S, sock_read=SILENCE_S)
    try:
        address = URL(url.reveal())
        host = address.host or host
        async with (
            aiohttp.ClientSession(timeout=limits, trust_env=True) as session,
            session.post(address, json=body, headers=dict(headers), allow_redirects=False) as answer,
        ):
            said = await answer.content.read(4 * QUOTED)
            _judge(host, answer, said)
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise NotSentError("the address or the token in its integration is malformed") from None
    except aiohttp.ClientConnectorCertificateError:
        raise UnreachableError(f"the certificate of {host} cannot be verified") from None
    except aiohttp.ClientOSError as error:
        raise UnreachableError(f"{host} cannot be reached: {told_by(error)}") from None
    except TimeoutError:
        raise UnreachableError(f"{host} does not answer in time") from None
    except aiohttp.ClientError:
        raise UnreachableError(f"{host} gives no answer that can be read") from None


def _judge(host: str, answer: aiohttp.ClientResponse, said: bytes) -> None:
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    words = one_line(said.decode("utf-8", "replace"))[:QUOTED]
    sentence = f"{host} answers with status {answer.status}{f': {words}' if words else ''}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in LATER:
        raise UnreachableError(sentence, _retry_after(answer))
    raise NotSentError(sentence)


def _retry_after(answer: aiohttp.ClientResponse) -> timedelta | None:
    with suppress(ValueError, OverflowError):  # it may be a date as well, which says no more than our own pauses
        return timedelta(seconds=max(0, int(answer.headers.get("Retry-After", ""))))
    return None
