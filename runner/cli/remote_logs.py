"""`runner logs --host`: the logs are copied to this host, and shown as those of a local store are."""

from __future__ import annotations

import tempfile
from pathlib import Path

from runner.cli import log_views, remote
from runner.client.client import Client
from runner.client.copying import LogCopy, followed
from runner.errors import UsageError
from runner.logs.viewing import Choice
from runner.store.rows import BuildRow


def show_logs(client: Client, names: tuple[str, ...], choice: Choice, style: log_views.Style, *, live: bool) -> None:
    """Show the logs of these builds. `live`: go on with those that run, over restarts of the service too. Raises
    UsageError, ServiceError, DamagedLogError."""
    rows = remote.find_all(client, names)
    with tempfile.TemporaryDirectory(prefix="runner-logs-") as directory:
        logs = [(row, _copy(client, row, Path(directory))) for row in rows]
        for row, copy in logs:
            copy.take()
            if not live and not copy.log.stat().st_size:
                raise UsageError(_no_log(row))
        running = [copy for row, copy in logs if live and row.ended_at is None]
        with followed(running):
            log_views.show([(row, copy.log) for row, copy in logs], choice, style, live=live)
        for copy in running:
            if copy.failed is not None:
                raise copy.failed


def _copy(client: Client, row: BuildRow, directory: Path) -> LogCopy:
    return LogCopy(client, row.id, directory / f"{row.id}.jsonl", told=remote.notice)


def _no_log(row: BuildRow) -> str:
    name = f"{row.job}/{row.number}"
    if row.ended_at is None:
        return f"{name} has no log yet, it is {row.status}: -f waits for it"
    return f"{name} has no log: {row.reason or row.status}"
