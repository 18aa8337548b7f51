"""`runner references list` and `runner references update`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.errors import UsageError
from runner.logs.sanitizing import harmless
from runner.pipeline.problems import Severity

if TYPE_CHECKING:
    from runner.external.resolving import Resolved, Taken


@click.group("references")
def command() -> None:
    """List external references of templates, or take what they are by now."""


@command.command("list")
@options.paths
@options.offline
def list_(paths: tuple[Path, ...], offline: bool) -> int:
    """Print each reference with the sha256 that it is pinned to. Those that were not pinned yet are pinned."""
    resolved = _resolved(paths, offline=offline)
    for taken in resolved.taken:
        click.echo(f"{taken.digest}  {_name(taken)}")
    return _told(resolved)


@command.command("update")
@options.paths
def update(paths: tuple[Path, ...]) -> int:
    """Fetch every reference and pin it to what it is now, in the shippable.lock beside the templates.

    Prints what has changed. What cannot be had keeps its pin; exit 2 then.
    """
    resolved = _resolved(paths, update=True)
    for taken in resolved.taken:
        match taken.before:
            case None:
                click.echo(f"{_name(taken)}: pinned to sha256 {taken.digest}")
            case taken.digest:
                click.echo(f"{_name(taken)}: as it was")
            case before:
                click.echo(f"{_name(taken)}: pinned to sha256 {taken.digest}, before {before}")
    return _told(resolved)


def _resolved(paths: tuple[Path, ...], *, offline: bool = False, update: bool = False) -> Resolved:
    """Raises UsageError where there is no file at all."""
    from runner.external.finding import resolved
    from runner.pipeline.files import discover

    found = discover(paths or (Path(),))
    if not found.files:
        raise UsageError("\n".join(map(str, found.problems)))
    return resolved(found, offline=offline, update=update)


def _told(resolved: Resolved) -> int:
    """The exit code; what could not be had was told."""
    problems = resolved.found.problems
    for problem in problems:
        click.echo(str(problem), err=True)
    if not resolved.taken and not problems:
        click.echo("there are no external references in these files", err=True)
    return 2 if any(problem.severity is Severity.ERROR for problem in problems) else 0


def _name(taken: Taken) -> str:
    return harmless(taken.reference.name, colours=False)
