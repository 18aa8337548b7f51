"""Tokens: to make, to see, to revoke."""

from __future__ import annotations

from runner.api.routing import Call
from runner.api.shapes import Done, NoBody, NoParams
from runner.api.token_shapes import NewToken, TokenBody, TokenList, TokenParams, TokenShape
from runner.store.tokens import TokenRow


async def list_tokens(call: Call[NoParams, NoBody]) -> TokenList:
    return TokenList(tokens=tuple(map(_shape, call.served.tokens.known)))


async def add_token(call: Call[NoParams, TokenBody]) -> NewToken:
    asked = call.body
    row, text = await call.served.tokens.add(asked.name, asked.scope, by=call.caller.name, expires_at=asked.expires_at)
    return NewToken(token=text.reveal(), about=_shape(row))


async def revoke_token(call: Call[TokenParams, NoBody]) -> Done:
    return Done(changed=await call.served.tokens.revoke(call.params.id))


def _shape(row: TokenRow) -> TokenShape:
    return TokenShape(
        id=row.id,
        name=row.name,
        scope=row.scope,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
