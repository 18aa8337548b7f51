"""`runner token`"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from runner.cli import listing, remote
from runner.cli.tables import local
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.client.shapes import Token

HEADINGS = ("ID", "NAME", "SCOPE", "MADE", "BY", "EXPIRES", "LAST USED", "NOTE")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@click.group("token")
def command() -> None:
    """Add, list and revoke the tokens of callers over TCP. For administrators: root, the service's user."""


@command.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "run", "admin"]),
    default="read",
    show_default=True,
    help="What its owner may do; each includes those before it.",
)
@click.option("--expires", metavar="TIME", help="In 12h, 30d or 8w; default: never, until it is revoked.")
@remote.required
def add(name: str, scope: str, expires: str | None, host: str | None) -> None:
    """Make a token, and print it: that is the only time."""
    from runner.client.shapes import read_new_token

    end = _moment(expires) if expires is not None else None
    body = {"name": name, "scope": scope, "expires_at": end.isoformat() if end else None}
    token, about = remote.service(host).post("/tokens", read_new_token, body)
    until = f", until {local(about.expires_at)}" if about.expires_at else ""
    click.echo(f"token {about.id} for {about.name}: scope {about.scope}{until}; it is shown this once", err=True)
    click.echo(token.reveal())


@command.command("list")
@remote.required
@remote.as_json
def list_(host: str | None, as_json: bool) -> None:
    """List tokens; what they are is kept nowhere."""
    from runner.client.shapes import read_token

    tokens = remote.service(host).get("/tokens", lambda raw: list(map(read_token, raw["tokens"])))
    listing.show(tokens, HEADINGS, _line, none="there are no tokens: 'runner token add' makes one", as_json=as_json)


@command.command("revoke")
@click.argument("id", type=click.IntRange(min=1))
@remote.required
def revoke(id: int, host: str | None) -> None:
    """Let nobody in with this token any more, from now on."""
    changed = remote.service(host).delete(f"/tokens/{id}", lambda raw: bool(raw["changed"]))
    click.echo(f"token {id} is revoked" if changed else f"token {id} was revoked already")


def _moment(text: str) -> datetime:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text.strip())
    if found is None:
        raise UsageError(f"--expires '{text}': give a time like 12h, 30d or 8w")
    return datetime.now(UTC) + timedelta(**{UNITS[found[2]]: int(found[1])})


def _line(token: Token) -> tuple[str, ...]:
    note = "revoked" if token.revoked_at else "expired" if token.has_expired else ""
    return (
        str(token.id),
        token.name,
        token.scope,
        local(token.created_at),
        token.created_by or "-",
        local(token.expires_at),
        local(token.last_used_at),
        note,
    )
