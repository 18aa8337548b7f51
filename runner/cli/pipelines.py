"""`runner pipelines`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import listing, remote
from runner.cli.tables import counted, local
from runner.logs.sanitizing import harmless

if TYPE_CHECKING:
    from runner.client.shapes import Pipeline

HEADINGS = ("PIPELINE", "APPLIED", "REVISION", "STATE", "SOURCE")


@click.command("pipelines")
@remote.required
@remote.as_json
def command(host: str | None, as_json: bool) -> None:
    """List the pipelines of a service: which of their files are in force, and what is wrong with newer ones."""
    from runner.client.shapes import read_pipeline

    client = remote.service(host)
    found = client.get("/pipelines", lambda raw: list(map(read_pipeline, raw["pipelines"])))
    listing.show(found, HEADINGS, _line, none="there are no pipelines: the settings name them", as_json=as_json)
    if not as_json:
        for pipeline in found:
            for problem in pipeline.problems:
                click.echo(f"{pipeline.name}: {harmless(problem, colours=False)}")


def _line(pipeline: Pipeline) -> tuple[str, ...]:
    if pipeline.refused:
        state = "refused, the last good files stay in force" if pipeline.applied_at else "refused"
    else:
        state = "in force" if pipeline.applied_at else "not read yet"
    if pipeline.problems and not pipeline.refused:
        state += f", {counted(len(pipeline.problems), 'warning')}"
    return (pipeline.name, local(pipeline.applied_at), (pipeline.revision or "-")[:12], state, pipeline.source)
