"""`runner logs`"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import click

from runner.cli import log_views, options, remote
from runner.errors import UsageError
from runner.logs.filters import parse_moment
from runner.logs.records import Level
from runner.logs.viewing import Choice


@click.command("logs")
@click.argument("builds", nargs=-1, metavar="[JOB[/BUILD]]...")
@options.directory
@click.option("-f", "--follow", "live", is_flag=True, help="Go on while the builds run.")
@click.option(
    "-n",
    "--tail",
    type=click.IntRange(min=0, max=1_000_000_000),
    metavar="N",
    help="Only the last N lines; with -f, then on.",
)
@click.option("--since", metavar="WHEN", help="From then on: 10m, 2h, 14:30 or a date with time.")
@click.option("--until", metavar="WHEN", help="Up to then.")
@click.option("--step", metavar="NAME", help="Only what belongs to this TASK.")
@click.option("--grep", metavar="PATTERN", help="Only lines in which this regular expression is found.")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    help="Only the runner's own words, of this level or graver.",
)
@click.option(
    "--full", is_flag=True, help="Every line of what went well, also the runner's own steps and hooks of the host."
)
@click.option("-t", "--times", is_flag=True, help="Begin each line with the time of day.")
@click.option("--json", "as_json", is_flag=True, help="The records as they stand in the file.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context,
    builds: tuple[str, ...],
    directory: Path,
    live: bool,
    tail: int | None,
    since: str | None,
    until: str | None,
    step: str | None,
    grep: str | None,
    level: str | None,
    full: bool,
    times: bool,
    as_json: bool,
    host: str | None,
) -> None:
    """Show the log of a build: JOB/NUMBER, the newest one of JOB, or the newest one of all.

    Of several builds the lines are shown in the order of their times, each with its build. The same works while builds
    run (-f follows them to their ends) and afterwards. On a terminal a TASK that went well is one line.
    """
    choice = _choice(since=since, until=until, step=step, grep=grep, level=level, tail=tail)
    if live and until is not None:
        raise UsageError("--follow goes on to the end and --until stops before it: give one of them")
    fold = options.is_terminal() and not (full or live or as_json or times) and choice == Choice()
    colour = options.is_terminal() and not os.environ.get("NO_COLOR")
    style = log_views.Style(as_json=as_json, times=times, colour=colour, fold=fold, whole=full)
    if host:
        from runner.cli.remote_logs import show_logs

        remote.refuse_with_host(ctx, "directory")
        show_logs(remote.client_of(host), builds, choice, style, live=live)
    else:
        _show_store(directory, builds, choice, style, live=live)


def _choice(
    *, since: str | None, until: str | None, step: str | None, grep: str | None, level: str | None, tail: int | None
) -> Choice:
    now = datetime.now().astimezone()
    begin = parse_moment(since, now) if since is not None else None
    end = parse_moment(until, now) if until is not None else None
    if begin and end and end < begin:
        raise UsageError(f"--until {until} is before --since {since}: nothing can lie between them")
    return Choice(
        since=begin,
        until=end,
        step=step,
        pattern=_pattern(grep) if grep is not None else None,
        level=Level(level) if level is not None else None,
        tail=tail,
    )


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(
            f"--grep '{text}' is no regular expression ({error}); put a \\ before what is meant as it stands"
        ) from error


def _show_store(
    directory: Path, builds: tuple[str, ...], choice: Choice, style: log_views.Style, *, live: bool
) -> None:
    import asyncio

    from runner.cli.store_builds import find_all
    from runner.cli.watching import look_after

    store = options.store_directory(directory)
    rows = asyncio.run(find_all(store, builds))
    if live:
        look_after(store, (row.run_id for row in rows if row.ended_at is None))
    log_views.show([(row, store / "builds" / str(row.id) / "log.jsonl") for row in rows], choice, style, live=live)
