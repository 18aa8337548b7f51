"""`runner state`"""

from __future__ import annotations

import json
import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, remote
from runner.cli.states import States, states_of
from runner.cli.tables import amount, counted, local, table
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.store.saved import ListedFile, SavedState

HEADINGS = ("NAME", "TYPE", "VERSION", "BUILD", "FILES", "SIZE", "SAVED")
FILE_HEADINGS = ("MODE", "SIZE", "VERSION", "BUILD", "SAVED", "FILE")

version = click.option("--version", "number", type=click.IntRange(min=1), metavar="N", help="Of this version.")


@click.group("state")
def command() -> None:
    """What jobs and resources have saved: list it, read it, remove it.

    The next build of a job finds what the last one saved in $JOB_PREVIOUS_STATE, jobs that have it as IN find it there.
    """


@command.command("ls")
@click.argument("name", required=False)
@version
@options.directory
@click.option("--json", "as_json", is_flag=True, help="One JSON object an item and line.")
@remote.instead
@click.pass_context
def ls(
    ctx: click.Context, name: str | None, number: int | None, directory: Path, as_json: bool, host: str | None
) -> None:
    """List what there is, or with NAME the files that one job or resource has saved."""
    if name is None and number is not None:
        raise UsageError("--version goes with a NAME")
    with states_of(ctx, directory, host) as states:
        if name is None:
            _show_states(states.states(), as_json=as_json)
        else:
            _show_files(*states.state(name, number), as_json=as_json)


@command.command("get")
@click.argument("name")
@click.argument("path", required=False)
@version
@click.option("-o", "--output", type=options.PATH, metavar="DIR", help="Write into this directory, which is made.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@options.directory
@remote.instead
@click.pass_context
def get(
    ctx: click.Context,
    name: str,
    path: str | None,
    number: int | None,
    output: Path | None,
    force: bool,
    directory: Path,
    host: str | None,
) -> None:
    """Print one file that NAME has saved, or with -o write all of them, or those below PATH, with their modes.

    The files may hold secrets: of a service they are for administrators.
    """
    if path is None and output is None:
        raise UsageError(f"give the PATH of a file to print ('runner state ls {name}' lists them), or -o DIR for all")
    if force and output is None:
        raise UsageError("--force goes with -o")
    with states_of(ctx, directory, host) as states:
        if output is None:
            _print(states, name, number, path or "")
        else:
            _write(states, name, number, path, output, force=force)


@command.command("rm")
@click.argument("name")
@version
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.directory
@remote.instead
@click.pass_context
def rm(ctx: click.Context, name: str, number: int | None, yes: bool, directory: Path, host: str | None) -> None:
    """Remove what NAME has saved, for ever: with all of its versions, or with one. The versions themselves stay."""
    with states_of(ctx, directory, host) as states:
        if not yes:
            _confirm(states, name, number)
        versions, files, bytes_ = states.forget(name, number)
    shared = "" if files else "; other versions have the same files"
    click.echo(f"{counted(versions, 'version')} of {name} without saved files now: {_gone(files, bytes_)}{shared}")


def _gone(files: int, bytes_: int) -> str:
    return f"{counted(files, 'file')} ({amount(bytes_)}) removed"


def _confirm(states: States, name: str, number: int | None) -> None:
    """Raises UsageError where there is nobody to ask."""
    what = f"what {name} has saved{'' if number is None else f' with version {number}'}"
    if not sys.stdin.isatty():
        raise UsageError(f"there is nobody to ask: --yes removes {what}")
    if number is not None:
        states.state(name, number)  # what is not there needs no question
    click.confirm(f"Remove {what}?", abort=True, err=True)


def _show_states(found: list[SavedState], *, as_json: bool) -> None:
    if as_json:
        for state in found:
            click.echo(json.dumps(_record(state), ensure_ascii=False))
    elif found:
        click.echo("\n".join(table(HEADINGS, map(_line, found))))
    else:
        click.echo("nothing has been saved yet", err=True)


def _show_files(state: SavedState, files: list[ListedFile], *, as_json: bool) -> None:
    if as_json:
        of = {"name": state.name, "version": state.version, "build": state.build, "saved_at": _moment(state)}
        for file in files:
            record = {"path": file.path, "mode": f"{file.mode:04o}", "bytes": file.bytes, **of}
            click.echo(json.dumps(record, ensure_ascii=False))
        return
    of_all = (_version(state), _build(state), local(state.saved_at))
    rows = ((f"{file.mode:03o}", amount(file.bytes), *of_all, file.path) for file in files)
    click.echo("\n".join(table(FILE_HEADINGS, rows)))


def _line(state: SavedState) -> tuple[str, ...]:
    kept = (str(state.files), amount(state.bytes), local(state.saved_at))
    return (state.name, state.type, _version(state), _build(state), *kept)


def _version(state: SavedState) -> str:
    return f"{state.version} ({state.version_name})" if state.version_name else str(state.version)


def _build(state: SavedState) -> str:
    return "-" if state.build is None else str(state.build)


def _moment(state: SavedState) -> str:
    return state.saved_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _record(state: SavedState) -> dict[str, str | int | None]:
    return {
        "name": state.name,
        "kind": state.kind,
        "type": state.type,
        "version": state.version,
        "versionName": state.version_name,
        "build": state.build,
        "saved_at": _moment(state),
        "files": state.files,
        "bytes": state.bytes,
        "digest": state.digest,
    }


def _print(states: States, name: str, number: int | None, path: str) -> None:
    found = states.content(name, number, path)
    if sys.stdout.isatty() and not _is_text(found):
        raise UsageError(
            f"{path} is no text, a terminal is not the place for it: -o DIR writes it, or send it elsewhere"
        )
    sys.stdout.buffer.write(found)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\n\t" for c in text)


def _write(states: States, name: str, number: int | None, path: str | None, output: Path, *, force: bool) -> None:
    from runner.workspace.unpacking import unpack

    state, files = states.state(name, number)
    wanted = [
        file for file in files if path is None or file.path == path or file.path.startswith(f"{path.rstrip('/')}/")
    ]
    if path is not None and not wanted:
        states.content(name, state.version, path)  # says what there is instead
    of = state.version  # whatever is saved meanwhile
    unpack(output, [(f.path, f.mode) for f in wanted], lambda one: states.content(name, of, one), force=force)
    click.echo(f"{counted(len(wanted), 'file')} of version {state.version} of {name} in {output}", err=True)
