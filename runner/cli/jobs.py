"""`runner jobs`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import listing, remote

if TYPE_CHECKING:
    from runner.client.shapes import Job

HEADINGS = ("JOB", "TYPE", "PIPELINE", "LAST", "OPEN", "NOTE")


@click.command("jobs")
@remote.required
@remote.as_json
def command(host: str | None, as_json: bool) -> None:
    """List the jobs of a service: how each ended last, its open builds, and why nothing of it starts now."""
    from runner.client.shapes import read_job

    client = remote.service(host)
    jobs = client.get("/jobs", lambda raw: list(map(read_job, raw["jobs"])))
    listing.show(jobs, HEADINGS, _line, none="there are no jobs: 'runner pipelines' tells why", as_json=as_json)


def _line(job: Job) -> tuple[str, ...]:
    open_ = ", ".join(f"{build.number} {build.status}" for build in job.open)
    return (job.name, job.type, job.pipeline or "-", job.last_status or "-", open_ or "-", "; ".join(notes(job)))


def notes(job: Job) -> list[str]:
    """What stands in the way of a job, or is to be done about it."""
    found = []
    if job.deleted_at is not None:
        return ["in no file any more ('runner purge' destroys it)"]
    if job.stale:
        found.append("waits for approval ('runner approve')")
    if job.held_by is not None:
        found.append(job.held_by)
    if job.waiting is not None:
        found.append(f"triggered by {job.waiting}")
    return found
