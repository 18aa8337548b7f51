"""The tokens by which others than this host's own users may use the API."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runner.errors import ConflictError, NotFoundError, UsageError
from runner.secret import Secret
from runner.store import tokens as stored
from runner.store.store import Store
from runner.store.tokens import TokenRow

PREFIX = "rnr_"
"""What a token begins with, so that people and scanners know one when they see it."""
BYTES = 32
COARSE = timedelta(minutes=10)
"""How exact the time of the last use is: a use is no reason to write each time."""


class Tokens:
    """They are kept in memory too: a request must not wait for the database to be let in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[int, TokenRow] = {}
        self._used: dict[int, datetime] = {}

    async def open(self) -> None:
        """Raises StoreError."""
        self._rows = {row.id: row for row in await self._store.read(stored.tokens)}

    @property
    def known(self) -> tuple[TokenRow, ...]:
        return tuple(self._rows.values())

    async def add(
        self, name: str, scope: str, *, by: str | None, expires_at: datetime | None
    ) -> tuple[TokenRow, Secret]:
        """A new token and its text, which is nowhere else. Raises ConflictError, UsageError, StoreError."""
        if expires_at is not None and expires_at <= datetime.now(UTC):
            raise UsageError("expires_at is in the past: give a time to come")
        text = PREFIX + secrets.token_urlsafe(BYTES)
        digest = _digest(text)
        added = await self._store.transaction(
            lambda tx: stored.add(tx, name=name, digest=digest, scope=scope, by=by, expires_at=expires_at)
        )
        if added is None:
            raise ConflictError(f"there is a token {name} already: revoke it first, or choose another name")
        await self.open()
        return self._rows[added], Secret(text)

    async def revoke(self, token_id: int) -> bool:
        """From now on nobody gets in by it; False where that was so already. Raises NotFoundError, StoreError."""
        if token_id not in self._rows:
            raise NotFoundError(f"there is no token {token_id}")
        row = self._rows[token_id]
        self._rows[token_id] = replace(
            row, revoked_at=row.revoked_at or datetime.now(UTC)
        )  # whatever comes of the rest
        revoked = await self._store.transaction(lambda tx: stored.revoke(tx, token_id))
        await self.open()
        return revoked

    def find(self, text: str) -> TokenRow | None:
        """The good token with this text. Takes as long for a wrong one as for a right one."""
        digest, found = _digest(text), None
        for row in self._rows.values():
            if hmac.compare_digest(row.digest, digest):
                found = row
        at = datetime.now(UTC)
        if found is None or not found.is_good(at):
            return None
        self._used[found.id] = at
        return found

    async def record_use(self) -> None:
        """Write down when tokens were used last, where that says something new. Raises StoreError."""
        used = {token: at for token, at in self._used.items() if self._is_news(token, at)}
        self._used.clear()
        if not used:
            return
        await self._store.transaction(lambda tx: stored.use(tx, used))
        await self.open()

    def _is_news(self, token: int, at: datetime) -> bool:
        before = self._rows[token].last_used_at
        return before is None or at - before >= COARSE


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
