"""What the API takes and gives of tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from runner.api.shapes import Answer, Id, Request


class TokenShape(Answer, frozen=True, kw_only=True):
    """`last_used_at` is exact to ten minutes."""

    id: int
    name: str
    scope: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenList(Answer, frozen=True, kw_only=True):
    tokens: tuple[TokenShape, ...]


class TokenBody(Request, frozen=True, kw_only=True):
    """`expires_at` null: it is good until it is revoked."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    scope: Literal["read", "run", "admin"] = "read"
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class NewToken(Answer, frozen=True, kw_only=True):
    """`token` is shown this once."""

    token: str
    about: TokenShape


class TokenParams(Request, frozen=True, kw_only=True):
    id: Id
