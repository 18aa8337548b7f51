"""The questions that several commands ask a service."""

from __future__ import annotations

from typing import Any

from runner.client.client import Client, segment
from runner.client.shapes import Job, read_build, read_build_with_inputs, read_job
from runner.store.rows import BuildRow

MOST_AT_ONCE = 500
"""Items of one page."""


def builds(
    client: Client, job: str | None = None, most: int | None = None, *, status: str | None = None
) -> list[BuildRow]:
    """Newest first; `most` None: all."""
    found: list[BuildRow] = []
    before: int | None = None
    while True:
        limit = MOST_AT_ONCE if most is None else min(MOST_AT_ONCE, most - len(found))
        page, before = client.get("/builds", _page, job=job, status=status, before=before, limit=limit)
        found += page
        if before is None or not page or (most is not None and len(found) >= most):
            return found


def build(client: Client, build_id: int) -> BuildRow:
    return client.get(f"/builds/{build_id}", read_build_with_inputs)


def job_view(client: Client, name: str) -> Job:
    return client.get(f"/jobs/{segment(name)}", read_job)


def build_of(client: Client, job: str, number: int | None) -> BuildRow:
    """Build `number` of a job, None: its newest one."""
    return client.get(f"/jobs/{segment(job)}/builds/{'latest' if number is None else number}", read_build_with_inputs)


def _page(raw: Any) -> tuple[list[BuildRow], int | None]:
    return list(map(read_build, raw["builds"])), raw["next"]
