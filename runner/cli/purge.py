"""`runner purge`"""

from __future__ import annotations

import sys

import click

from runner.cli import remote
from runner.cli.tables import counted
from runner.errors import UsageError


@click.command("purge")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@remote.required
def command(name: str, yes: bool, host: str | None) -> None:
    """Destroy a job or resource that no file has any more, with all its versions, builds and logs, for ever."""
    from runner.client.client import segment

    client = remote.service(host)
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"there is nobody to ask: --yes destroys {name} with all its versions, builds and logs")
    if not yes:
        click.confirm(f"Destroy {name} with all its versions, builds and logs?", abort=True, err=True)
    count = client.delete(f"/nodes/{segment(name)}", lambda raw: len(raw["builds"]))
    click.echo(f"{name} is gone, and {counted(count, 'build')} with it")
