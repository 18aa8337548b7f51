"""`runner sync`"""

from __future__ import annotations

import click

from runner.cli import remote
from runner.logs.sanitizing import harmless


@click.command("sync")
@click.argument("pipelines", nargs=-1, metavar="[PIPELINE]...")
@click.option(
    "--update-references",
    is_flag=True,
    help="Take external references of templates as they are now; for administrators.",
)
@remote.required
def command(pipelines: tuple[str, ...], update_references: bool, host: str | None) -> int:
    """Let a service read the files of these pipelines now, or of all of them. Exit 2 where files are refused."""
    from runner.client.client import segment
    from runner.client.shapes import read_pipeline, read_synced

    client = remote.service(host)
    known = client.get("/pipelines", lambda raw: [read_pipeline(one).name for one in raw["pipelines"]])
    refused = False
    asked = "references" if update_references else "sync"
    for name in dict.fromkeys(pipelines) or known:
        done = client.post(f"/pipelines/{segment(name)}/{asked}", read_synced)
        refused = refused or done.refused
        if done.refused:
            click.echo(f"{name}: refused, what was in force stays", err=True)
        else:
            click.echo(f"{name}: applied" if done.applied else f"{name}: nothing has changed")
        for line in (*done.changes, *done.problems):
            click.echo(f"  {harmless(line, colours=False)}", err=done.refused)
    return 2 if refused else 0
