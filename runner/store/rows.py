"""Rows of the database as typed values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.workspace.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRow:
    """A build as `runner builds` shows it; times are aware, None where not reached."""

    id: int
    run_id: int
    job: str
    number: int
    status: str
    triggered_by: str
    reason: str | None
    exit_code: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def version(row: Any) -> Version:
    return Version(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        property_bag=json.loads(row["property_bag"]),
        created_at=row["created_at"],
        file_set=row["file_set"],
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def build_row(row: Any) -> BuildRow:
    return BuildRow(
        id=row["id"],
        run_id=row["run_id"],
        job=row["job"],
        number=row["number"],
        status=row["status"],
        triggered_by=row["triggered_by"],
        reason=row["reason"],
        exit_code=row["exit_code"],
        created_at=datetime.fromisoformat(row["created_at"]),
        started_at=_time(row["started_at"]),
        ended_at=_time(row["ended_at"]),
    )
