"""`runner secrets`"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import click

from runner.cli.config import settings_file
from runner.cli.options import PATH
from runner.errors import UsageError
from runner.service.settings_places import KEYS_VARIABLE, keys_directory

HEADINGS = ("NAME", "KEY PAIR", "PRIVATE KEY", "PUBLIC KEY")

keys = click.option(
    "--keys",
    type=PATH,
    metavar="DIR",
    help="Where the key pairs are; default: keys/ in /etc/shippable-runner for root, else in "
    f"~/.config/shippable-runner; also {KEYS_VARIABLE}.",
)
of_service = click.option("--service", is_flag=True, help="Where the service has them, by its settings.")


@click.group("secrets")
def command() -> None:
    """Make and list the key pairs of encrypted variables ('runner encrypt' makes those)."""


@command.command("keygen")
@click.option("--name", default="default", show_default=True, help="The name of the pair: that of its two files.")
@keys
@of_service
@settings_file
@click.option("--replace", is_flag=True, help="Take the place of a pair of that name, which is lost.")
def keygen(name: str, keys: Path | None, service: bool, config: Path | None, replace: bool) -> None:
    """Make a key pair. The public key encrypts; the private key, which only this user can read, decrypts.

    Several pairs may be there: what was encrypted for any of them can be decrypted.
    """
    from runner.sealing.key_files import DEFAULT, make_pair

    made = make_pair(_directory(keys, config, service=service), name, replace=replace)
    click.echo(f"key pair {made.fingerprint} ({made.name})")
    click.echo(
        f"  private key  {made.private}  (stays here, and in a safe backup: without it nothing can be decrypted)"
    )
    click.echo(f"  public key   {made.public}  (for everybody who encrypts)")
    named = f" --public-key {shlex.quote(str(made.public))}" if keys or service or made.name != DEFAULT else ""
    click.echo(f"encrypt with: runner encrypt{named} KEY=VALUE")


@command.command("list")
@keys
@of_service
@settings_file
@click.option("--json", "as_json", is_flag=True, help="One JSON object a pair and line.")
def list_(keys: Path | None, service: bool, config: Path | None, as_json: bool) -> int:
    """List key pairs, with what is wrong with files that cannot be used (exit 1)."""
    from runner.cli.tables import table
    from runner.sealing.key_files import pairs

    directory = _directory(keys, config, service=service)
    found, refused = pairs(directory)
    for pair in found if as_json else ():
        halves = {"private": pair.private and str(pair.private), "public": pair.public and str(pair.public)}
        click.echo(json.dumps({"name": pair.name, "pair": pair.fingerprint, **halves}, ensure_ascii=False))
    if not as_json and found:
        rows = [(p.name, p.fingerprint, *("here" if half else "-" for half in (p.private, p.public))) for p in found]
        for line in table(HEADINGS, rows):
            click.echo(line)
    elif not as_json:
        click.echo(f"no key pair is in {directory}: 'runner secrets keygen' makes one")
    for sentence in refused:
        click.echo(f"runner: {sentence}", err=True)
    return 1 if refused else 0


def _directory(keys: Path | None, config: Path | None, *, service: bool) -> Path:
    """Raises UsageError."""
    if keys is not None:
        if service:
            raise UsageError("--keys and --service name two places: give one of them")
        return keys.absolute()
    if not service:
        return keys_directory(os.environ)
    from runner.service.settings_reading import read_settings

    return read_settings(config).settings.secrets.keys
