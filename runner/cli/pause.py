"""`runner pause`"""

from __future__ import annotations

import click

from runner.cli import remote


@click.command("pause")
@click.argument("job")
@remote.required
def command(job: str, host: str | None) -> None:
    """Let nothing start a job of a service but a person ('runner run --job' does)."""
    from runner.client.client import segment

    changed = remote.service(host).post(f"/jobs/{segment(job)}/pause", lambda raw: bool(raw["changed"]))
    click.echo(f"{job} {'is paused' if changed else 'was paused already'}")
