"""`runner uninstall`"""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.install import dry_run, prefix


@click.command("uninstall")
@prefix
@click.option(
    "--purge", is_flag=True, help="The settings, the private keys beside them, and everything about builds as well."
)
@dry_run
def command(prefix: Path | None, purge: bool, dry_run: bool) -> int:
    """Remove what `runner install` has put on this host.

    Settings, builds and users stay. Stop the service first: systemctl disable --now shippable-runner.
    """
    from runner.service.installing import Installation, uninstall

    installation = Installation(prefix=prefix.absolute() if prefix else None, job_users=0)
    for line in uninstall(installation, purge=purge, dry=dry_run):
        click.echo(line)
    return 0
