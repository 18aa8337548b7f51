"""`runner builds`"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, remote
from runner.cli.tables import local, table
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.store.rows import BuildRow

DEFAULT_MOST = 20
SERVICE_HEADINGS = ("BUILD", "STATUS", "STARTED", "TIME", "TRIGGERED BY", "REASON")
HEADINGS = ("BUILD", "RUN", "STATUS", "STARTED", "TIME", "TRIGGERED BY", "REASON")


@click.command("builds")
@click.argument("job", required=False)
@options.directory
@click.option("-n", "--most", type=click.IntRange(min=1), default=DEFAULT_MOST, show_default=True, help="How many.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a build and line.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context, job: str | None, directory: Path, most: int, every: bool, as_json: bool, host: str | None
) -> None:
    """List builds, newest first: of the whole store or of one JOB."""
    rows = _of_service(ctx, host, job, most, every) if host else _of_store(directory, job, -1 if every else most)
    if as_json:
        for row in rows:
            values = record(row)
            if host:
                del values["run"]
            click.echo(json.dumps(values, ensure_ascii=False))
    elif rows:
        lines = table(HEADINGS, map(_line, rows)) if not host else table(SERVICE_HEADINGS, map(_line_of_service, rows))
        click.echo("\n".join(lines))
    else:
        raise UsageError(f"there is no build of {job}" if job else "no builds yet")


def _of_store(directory: Path, job: str | None, most: int) -> list[BuildRow]:
    import asyncio

    from runner.cli.store_builds import read_builds

    return asyncio.run(read_builds(options.store_directory(directory), job, most))


def _of_service(ctx: click.Context, host: str, job: str | None, most: int, every: bool) -> list[BuildRow]:
    from runner.client.asking import builds, job_view

    remote.refuse_with_host(ctx, "directory")
    client = remote.client_of(host)
    if job is not None:
        job_view(client, job)  # a name that nothing has is a mistake, not an empty list
    return builds(client, job, None if every else most)


def _line(row: BuildRow) -> tuple[str, ...]:
    return (
        row.name,
        str(row.run_id),
        row.status,
        local(row.started_at),
        _length(row),
        "-" if row.triggered_by == row.job else row.triggered_by,
        row.reason or "",
    )


def _line_of_service(row: BuildRow) -> tuple[str, ...]:
    """The builds of a service belong to no run; what has no trigger was started by a person."""
    name, _, *rest = _line(row)
    if row.triggered_by == row.job and row.requested_by is not None:
        rest[3] = row.requested_by
    return (name, *rest)


def _length(row: BuildRow) -> str:
    if row.started_at is None or row.ended_at is None:
        return "-"
    return f"{max(0.0, (row.ended_at - row.started_at).total_seconds()):.1f} s"  # the clock may have been set back


def record(row: BuildRow) -> dict[str, str | int | list[str] | None]:
    return {
        "job": row.job,
        "number": row.number,
        **({"item": row.item} if row.item is not None else {}),
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
        "created_at": _moment(row.created_at),
        "started_at": _moment(row.started_at),
        "ended_at": _moment(row.ended_at),
    }


def _moment(moment: datetime | None) -> str | None:
    """As the API and the logs write one: `2026-01-31T09:30:00.5Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
