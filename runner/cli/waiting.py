"""`runner waiting`"""

from __future__ import annotations

import click

from runner.cli import remote


@click.group("waiting")
def command() -> None:
    """Look after what strict jobs of a service wait for ('runner jobs' shows it)."""


@command.command("delete")
@click.argument("job")
@remote.required
def delete(job: str, host: str | None) -> None:
    """Give up what a strict job waits for: it starts when it is triggered again."""
    from runner.client.client import segment

    remote.service(host).delete(f"/jobs/{segment(job)}/waiting", lambda raw: bool(raw["changed"]))
    click.echo(f"{job} waits for nothing any more")
