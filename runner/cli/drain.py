"""`runner drain`"""

from __future__ import annotations

import click

from runner.cli import remote
from runner.cli.tables import counted
from runner.errors import UsageError


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
    from runner.client.asking import builds
    from runner.client.waiting import until_idle

    client = remote.service(host)
    client.post("/service/drain", lambda raw: bool(raw["changed"]), {"on": not off, "now": now})
    if off:
        click.echo("builds are started again")
        return
    running = builds(client, status="processing")
    for row in running:
        click.echo(f"{row.name} runs")
    if not wait:
        runs = counted(len(running), "build")
        click.echo(f"nothing more is started; {runs} still to end{' (--wait waits)' if running else ''}")
        return
    for row in until_idle(client, running, remote.notice):
        click.echo(remote.told_end(row))
    click.echo("nothing runs any more")
