"""`runner replay`"""

from __future__ import annotations

import click

from runner.cli import remote


@click.command("replay")
@click.argument("build", metavar="JOB[/BUILD]")
@remote.required
def command(build: str, host: str | None) -> None:
    """Run a build of a service again, as a new build with the same input versions and variables."""
    from runner.client.shapes import read_build

    client = remote.service(host)
    (row,) = remote.find_all(client, [build])
    remote.tell_queued(client, client.post(f"/builds/{row.id}/replay", read_build))
