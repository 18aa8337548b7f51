"""How a sender proves that it knows the secret. Every comparison takes the same time, every refusal is the same."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from runner.secret import Secret
from runner.triggers.delivery import RefusedDelivery

WINDOW = timedelta(minutes=5)
"""How far a signed time may be from the clock, either way."""
STANDARD_PREFIX = "whsec_"
_SECONDS = re.compile(r"[0-9]{1,11}")


def refused() -> RefusedDelivery:
    return RefusedDelivery(401, "the delivery is not signed with the secret that is set for it here")


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def check_signature(given: str, content: bytes, secret: Secret) -> None:
    """`sha256=<hexadecimal HMAC-SHA256 of the content>`. Raises RefusedDelivery (401)."""
    expected = "sha256=" + hmac.new(_bytes(secret.reveal()), content, hashlib.sha256).hexdigest()
    if not same(given, expected) or not secret:
        raise refused()


def check_token(given: str, secret: Secret) -> None:
    """The secret itself. Raises RefusedDelivery (401)."""
    if not same(given, secret.reveal()) or not secret:
        raise refused()


def check_time(seconds: str, now: datetime) -> None:
    """A signed time, in seconds since 1970. Raises RefusedDelivery (401)."""
    if _SECONDS.fullmatch(seconds) is None or abs(int(seconds) - now.timestamp()) > WINDOW.total_seconds():
        raise refused()


def check_standard(headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> str:
    """The headers `webhook-id`, `webhook-timestamp` and `webhook-signature`; gives the id, which is signed too. Raises
    RefusedDelivery (401).

    Source: the Standard Webhooks specification, which GitLab's signing tokens follow."""
    name, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    key = _standard_key(secret)
    content = b".".join((_bytes(name), _bytes(seconds), body))
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    matching = [same(given, expected) for given in headers.get("webhook-signature", "").split(" ")]
    if not any(matching) or not key or not name:
        raise refused()
    check_time(seconds, now)
    return name


def is_standard(secret: Secret) -> bool:
    return secret.reveal().startswith(STANDARD_PREFIX)


def digest(content: bytes) -> str:
    """What stands for a signed content in a replay key."""
    return hashlib.sha256(content).hexdigest()


def _standard_key(secret: Secret) -> bytes:
    """Empty for a secret that is no such key: then nothing is signed with it."""
    try:
        return base64.b64decode(secret.reveal().removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a secret of the environment may hold bytes that are no text
