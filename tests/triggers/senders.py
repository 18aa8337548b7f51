"""Senders of webhooks: each signs as its provider does. All names are invented."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.delivery import Delivery
from runner.triggers.providers.registry import PROVIDERS

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
SECRET = "correct horse"
SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()

Headers = Mapping[str, str]
Sender = Callable[[str, bytes, str], dict[str, str]]
"""Kind of event, body and secret → headers."""


def sign(secret: str, content: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def github(event: str, body: bytes, secret: str) -> dict[str, str]:
    return {"X-GitHub-Event": event, "X-GitHub-Delivery": "d-1", "X-Hub-Signature-256": sign(secret, body)}


def gitlab(event: str, body: bytes, secret: str) -> dict[str, str]:
    return {"X-Gitlab-Event": event, "X-Gitlab-Event-UUID": "u-1", "X-Gitlab-Token": secret}


def gitlab_signed(event: str, body: bytes, secret: str, seconds: str = SECONDS) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, b".".join((b"m-1", seconds.encode(), body)), hashlib.sha256).digest()
    return {
        "X-Gitlab-Event": event,
        "webhook-id": "m-1",
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
    }


def bitbucket(event: str, body: bytes, secret: str) -> dict[str, str]:
    return {"X-Event-Key": event, "X-Request-UUID": "r-1", "X-Hub-Signature": sign(secret, body)}


def generic(event: str, body: bytes, secret: str, seconds: str = SECONDS) -> dict[str, str]:
    return {"X-Timestamp": seconds, "X-Signature-256": sign(secret, f"{seconds}.".encode() + body)}


def bearer(event: str, body: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "X-Delivery-Id": "b-1"}


SENDERS: Mapping[str, tuple[str, Sender, str]] = {
    "github": ("github", github, SECRET),
    "gitlab": ("gitlab", gitlab, SECRET),
    "gitlab, signed": ("gitlab", gitlab_signed, SIGNING),
    "bitbucket": ("bitbucket", bitbucket, SECRET),
    "bitbucketServer": ("bitbucketServer", bitbucket, SECRET),
    "generic, signed": ("generic", generic, SECRET),
    "generic, bearer": ("generic", bearer, SECRET),
}
"""Provider, how its deliveries are signed, and the secret."""


def deliver(sender: str, event: str, payload: Json, *, secret: str | None = None) -> Delivery:
    """What the provider's module makes of a delivery that is signed with `secret`."""
    provider, headers, right = SENDERS[sender]
    body = json.dumps(payload).encode()
    return PROVIDERS[provider].read(headers(event, body, secret or right), body, Secret(right), NOW)


def form(payload: Json) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()
