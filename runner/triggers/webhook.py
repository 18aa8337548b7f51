"""A `webhook` resource: who may call it, and the version that a call makes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl

from runner.pipeline.model import Resource
from runner.pipeline.plain import Json, plain
from runner.secret import Secret
from runner.triggers import proofs
from runner.triggers.delivery import RefusedDelivery, by_name, json_of

KEY = "webhookKey"
KEPT_BACK = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that open doors: a version does not have them."""
_FORM = "application/x-www-form-urlencoded"


def key_of(resource: Resource) -> Secret:
    """`webhookKey`; empty where the file has none that could be checked, then nobody may call."""
    key = resource.property_bag.get(KEY)
    return Secret(str(key) if isinstance(key, str | int) and not isinstance(key, bool) else "")


def check_basic(header: str, name: str, key: Secret) -> bool:
    """Whether `Authorization` names the resource as user and its key as password. Source: the platform."""
    scheme, _, text = header.partition(" ")
    try:
        given = base64.b64decode(text.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        given = ""
    right = proofs.same(given, f"{name}:{key.reveal()}")
    return right and bool(key) and scheme.lower() == "basic"


def version_of_payload(resource: Resource, headers: Mapping[str, str], body: bytes) -> dict[str, Json]:
    """The property bag of the version that a call makes: `payload` is its JSON, the fields of a form, or the text.

    Raises RefusedDelivery (400) for JSON that is none, and for a body that is no text."""
    named = by_name(headers)
    payload = _payload(named.get("content-type", "").partition(";")[0].strip().lower(), body)
    return {
        **{key: value for key, value in plain(resource.property_bag).items() if key != KEY},
        "payload": payload,
        "webhookRequestHeaders": {key: value for key, value in named.items() if key not in KEPT_BACK},
        "webhookRequestBody": payload,
    }


def _payload(content_type: str, body: bytes) -> Json:
    if not body:
        return {}
    if content_type == "application/json" or content_type.endswith("+json"):
        return json_of(body)
    try:
        text = body.decode()
        if content_type == _FORM and not text.lstrip().startswith(("{", "[")):  # `curl -d` calls everything a form
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1000))
    except ValueError as error:
        raise RefusedDelivery(400, "the body is no text in UTF-8, and no form") from error
    try:
        return json_of(body)
    except RefusedDelivery:  # a caller that does not say what it sends may send plain text
        return text
