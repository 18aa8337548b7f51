"""`runner install`"""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.options import PATH

prefix = click.option(
    "--prefix", type=PATH, metavar="DIR", help="Below this directory, for packages; nothing on this host is changed."
)
dry_run = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


@click.command("install")
@prefix
@click.option(
    "--job-users",
    type=click.IntRange(0, 1000),
    default=4,
    show_default=True,
    metavar="N",
    help="How many users there are for builds, which have one each while they run; 0: builds run as root.",
)
@dry_run
def command(prefix: Path | None, job_users: int, dry_run: bool) -> int:
    """Make this host a build host: the units of systemd, users for builds, and a settings file.

    May be called again, also after an upgrade; settings that are there are kept.
    """
    from runner.service.installing import Installation, install

    installation = Installation(prefix=prefix.absolute() if prefix else None, job_users=job_users)
    for line in install(installation, dry=dry_run):
        click.echo(line)
    if not (prefix or dry_run):
        click.echo("next: edit /etc/shippable-runner/runner.toml, then systemctl enable --now shippable-runner")
    return 0
