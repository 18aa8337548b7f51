"""`runner logs`"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Callable, Iterable
from datetime import datetime
from pathlib import Path

import click

from runner.cli import options
from runner.cli.builds import read_builds
from runner.errors import UsageError
from runner.logs.filters import of_step, parse_since, select, select_live, since
from runner.logs.follow import follow
from runner.logs.reader import read
from runner.logs.records import Record
from runner.logs.rendering import JsonRenderer, Renderer, TextRenderer
from runner.pipeline.problems import nearest
from runner.store.rows import BuildRow


@click.command("logs")
@click.argument("build", required=False, metavar="[JOB[/BUILD]]")
@options.directory
@click.option("-f", "--follow", "live", is_flag=True, help="Go on while the build runs.")
@click.option("--json", "as_json", is_flag=True, help="The records as they stand in the file.")
@click.option("--since", "since_", metavar="WHEN", help="From then on: 10m, 2h, 14:30 or a date with time.")
@click.option("--step", metavar="NAME", help="Only what belongs to this TASK.")
@click.option("-t", "--times", is_flag=True, help="Begin each line with the time of day.")
def command(
    build: str | None,
    directory: Path,
    live: bool,
    as_json: bool,
    since_: str | None,
    step: str | None,
    times: bool,
) -> None:
    """Show the log of a build: JOB/NUMBER, the newest one of JOB, or the newest one of all.

    The same works while the build runs (-f follows it to its end) and afterwards.
    """
    conditions = []
    if since_ is not None:
        conditions.append(since(parse_since(since_, datetime.now().astimezone())))
    if step is not None:
        conditions.append(of_step(step))
    renderer: Renderer = JsonRenderer() if as_json else TextRenderer(times=times, colour=options.is_terminal())
    asyncio.run(_show(options.store_directory(directory), build, renderer, conditions, live=live))


async def _show(
    store: Path, build: str | None, renderer: Renderer, conditions: list[Callable[[Record], bool]], *, live: bool
) -> None:
    row = await _find(store, build)
    log = store / "builds" / str(row.id) / "log.jsonl"
    if live and row.ended_at is None:
        async with contextlib.aclosing(follow(log)) as records:
            await _show_live(select_live(records, *conditions), renderer)
    elif log.exists():
        for record in select(read(log), *conditions):
            _print(renderer.render(record))
    else:
        raise UsageError(f"the log of {row.job}/{row.number} is not there any more ({log})")
    _print(renderer.finish())


async def _show_live(records: AsyncIterable[Record], renderer: Renderer) -> None:
    async for record in records:
        _print(renderer.render(record))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


async def _find(store: Path, build: str | None) -> BuildRow:
    """The build that was named. Raises UsageError."""
    job, number = split_name(build) if build is not None else (None, None)
    rows = await read_builds(store, job, number, most=1)
    if rows:
        return rows[0]
    known = {row.job for row in await read_builds(store)}
    if job is None or not known:
        raise UsageError("no builds yet")
    if job not in known:
        hint = nearest(job, known)
        raise UsageError(f"there is no build of {job}{f' ({hint})' if hint else ''}")
    raise UsageError(f"{job} has no build {number} ('runner builds {job}' lists them)")


def split_name(text: str) -> tuple[str, int | None]:
    """`job/3` → (job, 3), `job` → (job, None). Raises UsageError."""
    job, separator, number = text.rpartition("/")
    if not separator:
        return text, None
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"'{text}' names no build: give JOB or JOB/NUMBER, as 'runner builds' shows them")
    return job, int(number)
