"""`runner builds`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from runner.cli import options
from runner.errors import UsageError
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
    store = Store(directory)
    await store.open()
    try:
        return await store.builds(job, number, most)
    finally:
        await store.close()


def _table(rows: Iterable[BuildRow]) -> list[str]:
    lines = [("BUILD", "STATUS", "STARTED", "TIME", "TRIGGERED BY", "REASON")]
    for row in rows:
        by = "-" if row.triggered_by == row.job else row.triggered_by
        lines.append(
            (f"{row.job}/{row.number}", row.status, _local(row.started_at), _length(row), by, row.reason or "")
        )
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return ["  ".join(f"{cell:{w}}" for cell, w in zip(line, [*widths, 0], strict=True)).rstrip() for line in lines]


def _local(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S") if time else "-"


def _length(row: BuildRow) -> str:
    if row.started_at is None or row.ended_at is None:
        return "-"
    return f"{(row.ended_at - row.started_at).total_seconds():.1f} s"


def _record(row: BuildRow) -> dict[str, str | int | None]:
    return {
        "job": row.job,
        "number": row.number,
        "id": row.id,
        "run": row.run_id,
        "status": row.status,
        "triggered_by": row.triggered_by,
        "reason": row.reason,
        "exit": row.exit_code,
        "created_at": row.created_at.isoformat(),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }
