"""`runner serve`"""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.config import settings_file
from runner.cli.options import PATH


@click.command("serve")
@click.argument("paths", nargs=-1, type=PATH, metavar="[DIRECTORY]...")
@settings_file
def command(paths: tuple[Path, ...], config: Path | None) -> None:
    """Make this host a build host: watch pipelines, start jobs when their inputs change.

    Pipelines are those of the settings, and each DIRECTORY named here. SIGTERM ends the service within seconds; builds
    that run go on, and the next `runner serve` looks after them.
    """
    from runner.daemon.main import serve

    serve(config, paths)
