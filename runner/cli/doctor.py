"""`runner doctor`"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import click

from runner.cli import options, remote
from runner.execution.host_checks import Check, check_host
from runner.execution.verdict import size
from runner.logs.sanitizing import harmless

MARKS = {True: "ok", False: "bad", None: "-"}


@click.command("doctor")
@options.directory
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding and line.")
@remote.instead
@click.pass_context
def command(ctx: click.Context, directory: Path, as_json: bool, host: str | None) -> int:
    """Show what this host gives to builds: containment, and which limits hold how; with --host, how a service is.

    Nothing is changed. Exit 1 where something is missing without which no build runs.
    """
    if host:
        from runner.cli.remote_doctor import check_service

        remote.refuse_with_host(ctx, "directory")
        found = check_service(remote.client_of(host))
    else:
        found = [*check_host(), *_store(directory)]
    width = max(len(check.name) for check in found)
    for check in found:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(check), ensure_ascii=False))
        else:
            click.echo(harmless(f"{MARKS[check.good]:3}  {check.name:{width}}  {check.text}", colours=False))
    return 1 if any(check.needed and check.good is False for check in found) else 0


def _store(directory: Path) -> Iterator[Check]:
    """Where builds would be kept."""
    base = directory.resolve()
    if not base.is_dir():
        yield Check("store", False, f"{base} is no directory", needed=True)
        return
    store = base / options.STORE
    place = store if store.is_dir() else base
    if not os.access(place, os.W_OK):
        yield Check("store", False, f"{place} cannot be written", needed=True)
        return
    free = shutil.disk_usage(place).free
    yield Check("store", free > 100 * 1024**2, f"{store}: {size(free)} free on its disk")
