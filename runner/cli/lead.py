"""`runner lead`: the process of a detached run. Started by the runner itself, not by people."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from runner.errors import RunnerError
from runner.service.ports import Ended
from runner.store.rows import BuildRow


@click.command("lead", hidden=True)
@click.argument("directory", type=click.Path(path_type=Path))
@click.argument("run", type=int)
@click.option("--lock", type=int, help="The descriptor that holds the run's lock.")
@click.option("--tell", type=int, required=True, help="The descriptor to say on that the run is led, or why not.")
def command(directory: Path, run: int, lock: int | None, tell: int) -> None:
    """Lead a detached run: start its jobs, record their ends."""
    from runner.app import lead
    from runner.service.detaching import READY

    told = os.fdopen(tell, "wb", buffering=0)
    os.set_inheritable(tell, False)
    if lock is not None:
        os.set_inheritable(lock, False)

    def led() -> None:
        with contextlib.suppress(BrokenPipeError):  # who asked for it is gone, the run is not
            told.write(READY)
        told.close()

    try:
        lead(directory, run, lock, led, Notes())
    except RunnerError as error:
        if not told.closed:
            told.write(f"{error}\n".encode())
            told.close()
        raise


class Notes:
    """What happens in a detached run, a line each: its standard output is a file beside its lock."""

    def started(self, build: BuildRow, log: Path) -> None:
        click.echo(f"{build.name} started: {log}")

    def notice(self, text: str) -> None:
        click.echo(text)

    def left_out(self, job: str, reason: str) -> None:
        click.echo(f"not run: {job}: {reason}")

    def ended(self, ended: Ended) -> None:
        reason = f": {ended.reason}" if ended.reason else ""
        click.echo(f"{ended.name} ended: {ended.status}{reason}")

    async def watch(self, build: BuildRow, log: Path) -> None:
        """Nobody watches here: logs are read with `runner logs`."""
