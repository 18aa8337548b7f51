"""`runner graph`"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.drawing.picture import Picture


@click.command("graph")
@options.paths
@options.offline
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "svg"]),
    default="text",
    show_default=True,
    help="Lines for a terminal, a language of diagrams, or a picture.",
)
@click.option(
    "--job", "jobs", multiple=True, metavar="NAME", help="Only this job and what is around it; may be repeated."
)
def command(paths: tuple[Path, ...], form: str, jobs: tuple[str, ...], *, offline: bool) -> None:
    """Draw the jobs and resources of a pipeline, and what starts what.

    Inputs that start nothing (switched off, pinned, state) are drawn apart; jobs that start each other in a loop are
    marked. Nothing is run, and integrations are not looked at.
    """
    from runner.drawing.picture import picture_of
    from runner.external.finding import find
    from runner.pipeline.problems import Severity, nearest
    from runner.pipeline.reader import read

    found = find(paths or (Path(),), offline=offline)
    reading = read(found.files, found.problems)
    for problem in reading.problems:
        if problem.severity is Severity.ERROR:
            click.echo(str(problem), err=True)
    if reading.refused:
        raise UsageError("the file has the problems above: there is nothing to draw before they are mended")
    for job in jobs:
        if job not in reading.pipeline.jobs:
            raise UsageError(f"there is no job '{job}' {nearest(job, reading.pipeline.jobs)}".rstrip())
    click.echo(_drawn(picture_of(reading.pipeline, jobs), form), nl=False)


def _drawn(picture: Picture, form: str) -> str:
    match form:
        case "svg":
            from runner.drawing.svg import svg_of

            return svg_of(picture)
        case "mermaid":
            from runner.drawing.languages import mermaid_of

            return mermaid_of(picture)
        case "dot":
            from runner.drawing.languages import dot_of

            return dot_of(picture)
        case _:
            from runner.drawing.text import text_of

            return text_of(picture, shutil.get_terminal_size((100, 24)).columns)
