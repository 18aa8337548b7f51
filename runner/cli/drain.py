"""`runner drain`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import remote
from runner.cli.build_names import label
from runner.cli.tables import counted
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.client.client import Client
    from runner.store.rows import BuildRow


@click.command("drain")
@click.option("--wait", is_flag=True, help="Wait until nothing runs any more.")
@click.option("--now", is_flag=True, help="Cancel what runs: TERM, the grace period, KILL.")
@click.option("--off", is_flag=True, help="Go on: start builds again.")
@remote.required
def command(wait: bool, now: bool, off: bool, host: str | None) -> None:
    """Let a service come to rest: it starts nothing more, what runs goes on to its end, the rest stays queued.

    For maintenance and for the host's shutdown (--now --wait). A service that is started again begins without.
    """
    if off and (wait or now):
        raise UsageError("--off goes on: it does not go with --wait or --now")
    client = remote.service(host)
    client.post("/service/drain", lambda raw: bool(raw["changed"]), {"on": not off, "now": now})
    if off:
        click.echo("builds are started again")
        return
    running = _running(client)
    for row in running:
        click.echo(f"{label(row.job, row.number)} runs")
    if not wait:
        runs = counted(len(running), "build")
        click.echo(f"nothing more is started; {runs} still to end{' (--wait waits)' if running else ''}")
        return
    while running:
        _wait_for(client, running)
        running = _running(client)
    click.echo("nothing runs any more")


def _running(client: Client) -> list[BuildRow]:
    from runner.client.asking import builds

    return builds(client, status="processing")


def _wait_for(client: Client, rows: list[BuildRow]) -> None:
    """Each end is told when it comes."""
    from runner.client.waiting import all_ended

    for row in all_ended(client, [row.id for row in rows], remote.notice):
        click.echo(remote.told_end(row))
