"""What a provider delivers to a webhook, read and proven, or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import parse_qs

import msgspec

from runner.errors import RunnerError
from runner.pipeline.plain import Json
from runner.secret import Secret
from runner.triggers.git_events import GitEvent

NOTHING = re.compile(r"0+")
_SHA = re.compile(r"[0-9a-fA-F]{7,64}")
T = TypeVar("T")


class RefusedDelivery(RunnerError):  # noqa: N818 - an answer to the sender, not an error of this program
    """A delivery that is not taken: `status` is the HTTP status, the text what its sender may read."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery whose sender is proven. `id` is the provider's own, empty if it has none; `payload` the body as JSON;
    `note` says why there is no event, or what kind of delivery it was.

    `replay_key` is the same for every repetition of the delivery, so that it is taken once; it is made of what is
    signed, where something is. None: nothing tells a repetition from a second delivery."""

    id: str
    events: tuple[GitEvent, ...] = ()
    payload: Json = None
    note: str = ""
    replay_key: str | None = None


class Provider(Protocol):
    """One kind of sender: a module of `runner.triggers.providers`."""

    def read(self, headers: Mapping[str, str], body: bytes, secret: Secret, now: datetime) -> Delivery:
        """`headers` in any case, `body` as it came, `now` aware. Raises RefusedDelivery, and nothing else."""
        ...


def by_name(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers under their names in small letters, without bytes that are no text (they could not be stored)."""
    return {_text(name).lower(): _text(value) for name, value in headers.items()}


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def json_of(body: bytes) -> Json:
    """The body as JSON. Raises RefusedDelivery (400); text that cannot be stored (half a surrogate pair) counts as
    malformed."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise RefusedDelivery(400, "the body is not JSON") from error


def json_or_form(headers: Mapping[str, str], body: bytes) -> Json:
    """The body as JSON, also where it is the field `payload` of a form. Raises RefusedDelivery (400)."""
    if not headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return json_of(body)
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        return json_of(fields["payload"][0].encode())
    except (ValueError, KeyError) as error:
        raise RefusedDelivery(400, "the form has no field 'payload' with JSON in it") from error


def typed(payload: Json, shape: type[T], what: str) -> T:
    """The part of a payload that is read. Raises RefusedDelivery (400) which names what is missing or wrong."""
    try:
        return msgspec.convert(payload, shape)
    except (ValueError, RecursionError) as error:
        raise RefusedDelivery(400, f"this is no {what}: {error}") from error


def commit_id(text: str, what: str) -> str:
    """The commit that is named there. Raises RefusedDelivery (400)."""
    if _SHA.fullmatch(text) is None:
        raise RefusedDelivery(400, f"this is no {what}: a commit is 7 to 64 hexadecimal digits")
    return text.lower()


def is_nothing(sha: str) -> bool:
    """Whether a commit of zeros stands there: a branch or tag that is new, or gone."""
    return NOTHING.fullmatch(sha) is not None
