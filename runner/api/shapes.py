"""What the API takes and gives, as JSON: the document of the API is made of such structs. Here is what all of them
share, and what is about the service itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from runner.pipeline.plain import Json

MOST_AT_ONCE = 500
LARGEST = 2**63 - 1

Id = Annotated[int, Meta(ge=1, le=LARGEST)]
Name = Annotated[str, Meta(min_length=1, max_length=1024, pattern="^[^\\x00]*$")]
Text = Annotated[str, Meta(max_length=1024, pattern="^[^\\x00]*$")]
Many = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a client sends."""


class Answer(Struct, frozen=True, kw_only=True):
    """Something that a client gets."""


class NoParams(Request, frozen=True):
    """Nothing in the path and no query."""


class NoBody(Request, frozen=True):
    """An empty body, or `{}`."""


class Named(Request, frozen=True, kw_only=True):
    name: Name


class Error(Answer, frozen=True, kw_only=True):
    """`code` is for machines and stays the same, `message` is a sentence for people."""

    code: str
    message: str


class Refusal(Answer, frozen=True, kw_only=True):
    error: Error


class Document(Answer, frozen=True, kw_only=True):
    """OpenAPI 3.1."""

    openapi: str
    info: Mapping[str, Json]
    paths: Mapping[str, Json]
    components: Mapping[str, Json]


class Done(Answer, frozen=True, kw_only=True):
    """`changed` is false where everything was so already."""

    changed: bool


class DrainBody(Request, frozen=True, kw_only=True):
    """`now`: end what runs too."""

    on: bool = True
    now: bool = False


class PoolShape(Answer, frozen=True, kw_only=True):
    capacity: int
    used: int
    queued: int


class ServiceShape(Answer, frozen=True, kw_only=True):
    """`state` is ready, draining or degraded; `reasons` say why it is not ready. `builds` counts those that have not
    ended, by status."""

    version: str
    state: str
    reasons: tuple[str, ...]
    pools: Mapping[str, PoolShape]
    builds: Mapping[str, int]
    jobs: int
    resources: int
    pipelines: int


class Health(Answer, frozen=True, kw_only=True):
    state: str
    reasons: tuple[str, ...]
