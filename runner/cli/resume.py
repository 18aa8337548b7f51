"""`runner resume`"""

from __future__ import annotations

import click

from runner.cli import remote


@click.command("resume")
@click.argument("job")
@remote.required
def command(job: str, host: str | None) -> None:
    """Let a job of a service be started by its inputs again; what happened meanwhile is not made up for."""
    from runner.client.client import segment

    changed = remote.service(host).post(f"/jobs/{segment(job)}/resume", lambda raw: bool(raw["changed"]))
    click.echo(f"{job} {'is not paused any more' if changed else 'was not paused'}")
