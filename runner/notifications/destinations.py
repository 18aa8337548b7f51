"""Whom a notification goes to, and how: from its resource and integration, parsed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from runner.integrations.model import ResolvedIntegration
from runner.notifications.outcome import NotSentError
from runner.pipeline.model import Data
from runner.pipeline.plain import Json
from runner.secret import Secret


@dataclass(frozen=True, slots=True)
class Slack:
    url: Secret


@dataclass(frozen=True, slots=True)
class Webhook:
    """`payload` is sent beside what is told of the build."""

    url: Secret
    authorization: Secret | None = None
    payload: Json = None


@dataclass(frozen=True, slots=True)
class Email:
    """Over the SMTP server of the host."""


@dataclass(frozen=True, slots=True)
class Irc:
    """Recipients are `server#channel` or `server:port#channel`."""


Destination: TypeAlias = Slack | Webhook | Email | Irc

METHODS: Mapping[str, Destination] = {"email": Email(), "irc": Irc()}
"""What needs no integration."""
SENT_WITH = frozenset({"slackKey", "Slack", "webhookV2", "webhook", "Email", "irc"})
"""Types of integrations that notifications are sent with."""
NOT_SENT: Mapping[str, str] = {
    **dict.fromkeys(("hipchatKey", "hipchat"), "HipChat was shut down in 2019: name a Slack or webhook integration"),
    **dict.fromkeys(
        ("airBrakeKey", "newRelicKey", "jira"),
        "a hook knows nothing that could be recorded there: call 'shipctl notify' in a script",
    ),
}
"""Why nothing is sent with types that the platform had for notifications too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A destination with its recipients; one without a name where nobody is named. `secrets` are those of the
    integration: what the other side answers may repeat them."""

    destination: Destination
    recipients: tuple[str, ...]
    secrets: tuple[Secret, ...] = ()


def addressed(
    method: str | None, recipients: Sequence[str], integration: ResolvedIntegration | None, payload: Json = None
) -> Addressed:
    """Raises NotSentError where nothing can be sent to it."""
    destination = METHODS.get(method or "") or _by_integration(integration, payload)
    named = tuple(dict.fromkeys(name.strip() for name in recipients if name.strip()))
    if not named and isinstance(destination, Email) and integration is not None:
        named = tuple(filter(None, [integration.text("Address")]))
    if not named and isinstance(destination, Email | Irc):
        raise NotSentError("it names no recipients")
    return Addressed(
        destination=destination,
        recipients=named or ("",),
        secrets=integration.secrets if integration is not None else (),
    )


def why_not_sent(master_name: str) -> str | None:
    """The sentence where nothing can be sent with integrations of this type; None: it can be."""
    if master_name in SENT_WITH:
        return None
    return NOT_SENT.get(master_name, "notifications are sent with integrations of Slack and webhooks, or by a method")


def recipients_of(value: Data) -> tuple[str, ...]:
    """`recipients`, a list or one text."""
    listed = value if isinstance(value, tuple) else (value,)
    return tuple(str(each) for each in listed if each is not None and not isinstance(each, Mapping | tuple))


def _by_integration(integration: ResolvedIntegration | None, payload: Json) -> Destination:
    if integration is None:
        raise NotSentError("it has neither an integration nor a method (email, irc)")
    match integration.type.master_name:
        case "slackKey" | "Slack":
            return Slack(_url(integration, "webhookUrl"))
        case "webhookV2" | "webhook":
            authorization = (integration.text("authorization") or "").strip()
            url = _url(integration, "webhookURL")
            return Webhook(url, Secret(authorization) if authorization else None, payload)
        case "Email":
            return Email()
        case "irc":
            return Irc()
        case other:
            raise NotSentError(f"its integration {integration.name} is of type {other}: {why_not_sent(other)}")


def _url(integration: ResolvedIntegration, field: str) -> Secret:
    url = (integration.text(field) or "").strip()
    if not url:
        raise NotSentError(f"its integration {integration.name} has no {field}")
    return Secret(url if "://" in url else f"http://{url}")
