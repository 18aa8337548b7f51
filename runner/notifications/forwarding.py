"""What a job wants told, sent with an integration whose secrets the job does not have."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPMethod
from urllib.parse import quote, unquote

import aiohttp
from yarl import URL

from runner.integrations.model import ResolvedIntegration
from runner.notifications.outcome import NotSentError, UnreachableError, told_by

SILENCE_S = 20.0
WHOLE_S = 45.0
ANSWER_BYTES = 1 << 20
PASSED_ON = ("content-type", "x-atlassian-token")
"""Headers that a job may set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`path` goes behind the address of the integration: empty, or it begins with a slash."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    host: str
    status: int
    body: bytes


async def forward(integration: ResolvedIntegration, request: Request) -> Reply:
    """The answer of the service, of whatever status. Raises NotSentError."""
    address = _address(integration, request)
    if request.method not in (HTTPMethod.GET, HTTPMethod.POST):
        raise NotSentError(f"{request.method} is not sent")
    headers = {name: value for name, value in request.headers.items() if name.lower() in PASSED_ON}
    limits = aiohttp.ClientTimeout(total=WHOLE_S, sock_connect=SILENCE_S, sock_read=SILENCE_S)
    host = "the service"
    try:
        url = URL(address, encoded=True)
        host = url.host or host
        async with (
            aiohttp.ClientSession(timeout=limits, trust_env=True) as session,
            session.request(
                request.method,
                url,
                data=request.body or None,
                headers={"User-Agent": "shipctl", **headers, **_login(integration)},
                allow_redirects=False,
            ) as answer,
        ):
            return Reply(host, answer.status, await _body(answer))
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise NotSentError("the address or the token in the integration is malformed") from None
    except aiohttp.ClientOSError as error:
        raise UnreachableError(f"{host} cannot be told: {told_by(error)}") from None
    except TimeoutError:
        raise UnreachableError(f"{host} cannot be told: its answer takes too long") from None
    except aiohttp.ClientError:
        raise UnreachableError(f"{host} gave no answer that can be read") from None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    parts = b""
    while len(parts) < ANSWER_BYTES and (part := await answer.content.read(ANSWER_BYTES - len(parts))):
        parts += part
    return parts


def _address(integration: ResolvedIntegration, request: Request) -> str:
    kind = integration.type.master_name
    of_webhook = {"slackKey": "webhookUrl", "Slack": "webhookUrl", "webhookV2": "webhookURL", "webhook": "webhookURL"}
    base = (integration.text(of_webhook.get(kind, "url")) or "").strip()
    if kind in of_webhook and request.path:
        raise NotSentError("a webhook has one address: nothing goes behind it")
    if request.path and not request.path.startswith("/"):
        raise NotSentError("a path begins with a slash")
    if any(part in (".", "..") for part in unquote(request.path.partition("?")[0]).replace("\\", "/").split("/")):
        raise NotSentError("a path stays below the address of its integration")
    base = base if "://" in base else f"http://{base}"
    address = f"{base.rstrip('/')}{request.path}" if request.path else base
    if kind != "airBrakeKey":
        return address
    token = quote((integration.text("token") or "").strip(), safe="")
    return f"{address}{'&' if '?' in request.path else '?'}key={token}"


def _login(integration: ResolvedIntegration) -> dict[str, str]:
    token = (integration.text("token") or "").strip()
    match integration.type.master_name:
        case "webhookV2" | "webhook":
            authorization = (integration.text("authorization") or "").strip()
            return {"authorization": authorization} if authorization else {}
        case "newRelicKey":
            return {"X-Api-Key": token}
        case "jira":
            user = (integration.text("username") or "").strip()
            return {"Authorization": f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"}
        case _:
            return {}
