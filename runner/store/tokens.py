"""The tokens of the API inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.store.clock import now, written
from runner.store.rows import moment
from runner.store.sqlite import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """`digest` is the SHA-256 of the token, in hexadecimal digits; `scope` read, run or admin; `last_used_at` is
    coarse."""

    id: int
    name: str
    digest: str
    scope: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def tokens(tx: Transaction) -> list[TokenRow]:
    """All of them, the oldest first."""
    return [_token(row) for row in tx.rows("tokens")]


def add(
    tx: Transaction, *, name: str, digest: str, scope: str, by: str | None, expires_at: datetime | None
) -> int | None:
    """The id of the new token; None where a token that is not revoked has the name."""
    if tx.row("token_named", name=name) is not None:
        return None
    expires = None if expires_at is None else written(expires_at)
    values = {"name": name, "digest": digest, "scope": scope, "created_by": by}
    return tx.insert("add_token", created_at=now(), expires_at=expires, **values)


def revoke(tx: Transaction, token_id: int) -> bool:
    """False where it is revoked already, or was never there."""
    return bool(tx.change("revoke_token", id=token_id, revoked_at=now()))


def use(tx: Transaction, used: Mapping[int, datetime]) -> None:
    """Record when tokens were used, by their ids."""
    for token_id, at in used.items():
        tx.change("use_token", id=token_id, at=written(at))


def _token(row: Any) -> TokenRow:
    return TokenRow(
        id=row["id"],
        name=row["name"],
        digest=row["digest"],
        scope=row["scope"],
        created_at=datetime.fromisoformat(row["created_at"]),
        created_by=row["created_by"],
        expires_at=moment(row["expires_at"]),
        last_used_at=moment(row["last_used_at"]),
        revoked_at=moment(row["revoked_at"]),
    )
