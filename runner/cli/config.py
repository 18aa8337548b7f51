"""`runner config`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.options import PATH

if TYPE_CHECKING:
    from runner.service.settings_reading import Effective

settings_file = click.option(
    "--config",
    "config",
    type=PATH,
    envvar="RUNNER_CONFIG",
    metavar="FILE",
    help="The settings of the service; default: /etc/shippable-runner/runner.toml for root, else "
    "~/.config/shippable-runner/runner.toml.",
)


@click.group("config")
def command() -> None:
    """Look at the settings of the service."""


@command.command("check")
@settings_file
def check(config: Path | None) -> int:
    """Say whether the service would take its settings; else every problem (exit 2)."""
    found = _read(config)
    click.echo(f"ok: {found.file or 'no settings file, all defaults'}")
    return 0


@command.command("show")
@settings_file
def show(config: Path | None) -> int:
    """Print the effective settings, each with where it comes from: the file, a variable, or a default."""
    from runner.service.settings_showing import as_file

    click.echo(as_file(_read(config)), nl=False)
    return 0


def _read(config: Path | None) -> Effective:
    """Prints the problems, and refuses with how many there are."""
    from runner.errors import UsageError
    from runner.service.settings_reading import SettingsError, read_settings

    try:
        return read_settings(config)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        count = len(error.problems)
        raise UsageError(
            f"the settings have {'the problem' if count == 1 else f'the {count} problems'} above"
        ) from None
