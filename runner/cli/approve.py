"""`runner approve`"""

from __future__ import annotations

import click

from runner.cli import remote


@click.command("approve")
@click.argument("job")
@remote.required
def command(job: str, host: str | None) -> None:
    """Start a job of a service that waits for a person: an input that is switched off has changed."""
    from runner.client.client import segment
    from runner.client.shapes import read_build

    client = remote.service(host)
    remote.tell_queued(client, client.post(f"/jobs/{segment(job)}/approve", read_build))
