"""`runner cancel --host`"""

from __future__ import annotations

import click

from runner.cli import remote
from runner.client.client import Client
from runner.client.shapes import read_build
from runner.client.waiting import all_ended
from runner.errors import UsageError


def cancel(client: Client, names: tuple[str, ...], reason: str | None, *, wait: bool) -> None:
    """Raises UsageError, ServiceError. `reason` None: the service writes down who it was."""
    if not names:
        raise UsageError("name the builds to cancel ('runner builds' lists them)")
    running = []
    for row in remote.find_all(client, names):
        if row.ended_at is not None:
            click.echo(f"{row.name} has ended already: {row.status}")
            continue
        now = client.post(f"/builds/{row.id}/cancel", read_build, {"reason": reason or ""})
        if now.ended_at is not None:
            click.echo(remote.told_end(now))
        else:
            running.append(row.id)
    for row in all_ended(client, running if wait else (), remote.notice):
        click.echo(remote.told_end(row))
