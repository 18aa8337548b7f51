"""`runner plan --host`: what a service does next with its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from runner.cli import listing
from runner.client.asking import job_view
from runner.client.client import Client
from runner.client.shapes import Job, read_job


def show_plan(client: Client, names: Sequence[str], *, as_json: bool) -> None:
    """Of these jobs, or of all that a file has. Raises UsageError, ServiceError."""
    if names:
        jobs = [job_view(client, name) for name in dict.fromkeys(names)]
    else:
        jobs = client.get("/jobs", lambda raw: [read_job(one) for one in raw["jobs"] if one["deleted_at"] is None])
    if not as_json:
        click.echo(
            f"what {client.address.text} starts next; 'runner plan' without --host plans the files here", err=True
        )
    listing.show(jobs, ("JOB", "NEXT"), _line, none="there are no jobs", as_json=as_json)


def _line(job: Job) -> tuple[str, str]:
    return job.name, "; ".join(_next(job))


def _next(job: Job) -> Iterator[str]:
    yield from (f"{build.number} runs" for build in job.open if build.status != "queued")
    queued = [str(build.number) for build in job.open if build.status == "queued"]
    if queued:
        yield f"{', '.join(queued)} queued: {job.held_by or 'starts at once'}"
    elif job.waiting is not None:
        yield f"waits, triggered by {job.waiting}: {job.held_by or 'starts at once'}"
    elif job.held_by is not None:
        yield f"is not started: {job.held_by}"
    elif job.stale:
        yield "waits for approval ('runner approve')"
    elif not job.open:
        yield "starts when an input changes"
