"""`runner logs --host`: the logs are copied to this host, and shown as those of a local store are."""

from __future__ import annotations

import tempfile
from pathlib import Path

from runner.cli import log_views, remote
from runner.client.asking import build
from runner.client.client import Client
from runner.client.copying import LogCopy, followed
from runner.client.failures import NotThereError
from runner.errors import UsageError
from runner.logs.sanitizing import harmless
from runner.logs.viewing import Choice
from runner.store.rows import BuildRow


def show_logs(client: Client, names: tuple[str, ...], choice: Choice, style: log_views.Style, *, live: bool) -> None:
    """Show the logs of these builds. `live`: go on with those that run, over restarts of the service too. Raises
    UsageError, ServiceError, DamagedLogError."""
    rows = remote.find_all(client, names)
    with tempfile.TemporaryDirectory(prefix="runner-logs-") as directory:
        logs = [(row, _copy(client, row, Path(directory))) for row in rows]
        for row, copy in logs:
            _take(row, copy, live=live)
        running = [copy for row, copy in logs if live and row.ended_at is None]
        shown = [(row, copy.log) for row, copy in logs]
        log_views.show(shown, choice, style, live=live, feeding=followed(running))
        for copy in running:
            if copy.failed is not None:
                raise copy.failed
        for row, copy in logs:
            if live and not copy.whole:
                raise UsageError(_no_log(build(client, row.id)))


def _take(row: BuildRow, copy: LogCopy, *, live: bool) -> None:
    try:
        copy.take()
    except NotThereError as error:
        if row.ended_at is not None:
            raise UsageError(_no_log(row)) from error
    if not live and not copy.log.stat().st_size:
        raise UsageError(_no_log(row))


def _copy(client: Client, row: BuildRow, directory: Path) -> LogCopy:
    return LogCopy(client, row.id, directory / f"{row.id}.jsonl", told=remote.notice)


def _no_log(row: BuildRow) -> str:
    name = row.name
    if row.ended_at is None:
        return f"{name} has no log yet, it is {row.status}: -f waits for it"
    why = f"{row.status}{f': {harmless(row.reason, colours=False)}' if row.reason else ''}"
    return f"{name} has no log: it never began, or its log was removed ({why})"
