"""`runner builds`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from runner.cli import options
from runner.cli.store import opened
from runner.errors import UsageError
from runner.pipeline.problems import nearest
from runner.store.rows import BuildRow
from runner.store.store import Store

DEFAULT_MOST = 20


@click.command("builds")
@click.argument("job", required=False)
@options.directory
@click.option("-n", "--most", type=click.IntRange(min=1), default=DEFAULT_MOST, show_default=True, help="How many.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a build and line.")
def command(job: str | None, directory: Path, most: int, every: bool, as_json: bool) -> None:
    """List builds, newest first: of the whole store or of one JOB."""
    rows = asyncio.run(read_builds(options.store_directory(directory), job, most=-1 if every else most))
    if as_json:
        for row in rows:
            click.echo(json.dumps(_record(row), ensure_ascii=False))
    elif rows:
        click.echo("\n".join(_table(rows)))
    else:
        raise UsageError(f"there is no build of {job}" if job else "no builds yet")


async def read_builds(
    directory: Path, job: str | None = None, number: int | None = None, most: int = -1
) -> list[BuildRow]:
    async with opened(directory) as store:
        return await store.builds(job, number, most)


async def find_build(store: Store, name: str | None) -> BuildRow:
    """The build that a person names: JOB/NUMBER, the newest one of JOB, or (None) the newest of all. Raises
    UsageError."""
    job, number = split_name(name) if name is not None else (None, None)
    if rows := await store.builds(job, number, most=1):
        return rows[0]
    rows = await store.builds()
    known = {row.job for row in rows}
    if job is None or not known:
        raise UsageError("no builds yet")
    if job not in known:
        hint = nearest(job, known)
        raise UsageError(f"there is no build of {job}{f' ({hint})' if hint else ''}")
    if number is not None and 0 < number < max(row.number for row in rows if row.job == job):
        raise UsageError(
            f"{job}/{number} was removed, it was beyond what is kept ('runner builds {job}' lists the rest)"
        )
    raise UsageError(f"{job} has no build {number} ('runner builds {job}' lists them)")


def split_name(text: str) -> tuple[str, int | None]:
    """`job/3` → (job, 3), `job` → (job, None). Raises UsageError."""
    job, separator, number = text.rpartition("/")
    if not separator and text:
        return text, None
    if not (number.isascii() and number.isdigit()) or "/" in job or not job:
        raise UsageError(f"'{text}' names no build: give JOB or JOB/NUMBER, as 'runner builds' shows them")
    return job, int(number)


def _table(rows: Iterable[BuildRow]) -> list[str]:
    lines = [("BUILD", "RUN", "STATUS", "STARTED", "TIME", "TRIGGERED BY", "REASON")]
    for row in rows:
        by = "-" if row.triggered_by == row.job else row.triggered_by
        lines.append(
            (
                f"{row.job}/{row.number}",
                str(row.run_id),
                row.status,
                _local(row.started_at),
                _length(row),
                by,
                row.reason or "",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return ["  ".join(f"{cell:{w}}" for cell, w in zip(line, [*widths, 0], strict=True)).rstrip() for line in lines]


def _local(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if time else "-"


def _length(row: BuildRow) -> str:
    if row.started_at is None or row.ended_at is None:
        return "-"
    return f"{max(0.0, (row.ended_at - row.started_at).total_seconds()):.1f} s"  # the clock may have been set back


def _record(row: BuildRow) -> dict[str, str | int | list[str] | None]:
    return {
        "job": row.job,
        "number": row.number,
        "id": row.id,
        "run": row.run_id,
        "status": row.status,
        "triggered_by": row.triggered_by,
        "reason": row.reason,
        "exit": row.exit_code,
        "ended_by": row.ended_by,
        "signal": row.signal,
        "left_alive": list(row.left_alive),
        "log_dropped_records": row.dropped[0],
        "log_dropped_bytes": row.dropped[1],
        "created_at": row.created_at.isoformat(),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }
