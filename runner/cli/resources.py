"""`runner resources`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runner.cli import listing, remote

if TYPE_CHECKING:
    from runner.client.shapes import Resource

HEADINGS = ("RESOURCE", "TYPE", "PIPELINE", "NOTE")


@click.command("resources")
@remote.required
@remote.as_json
def command(host: str | None, as_json: bool) -> None:
    """List the resources of a service ('runner versions NAME' shows what one holds)."""
    from runner.client.shapes import read_resource

    client = remote.service(host)
    found = client.get("/resources", lambda raw: list(map(read_resource, raw["resources"])))
    listing.show(found, HEADINGS, _line, none="there are no resources", as_json=as_json)


def _line(resource: Resource) -> tuple[str, ...]:
    note = (
        "in no file any more ('runner purge' destroys it)"
        if resource.deleted_at is not None
        else resource.problem or ""
    )
    return (resource.name, resource.type, resource.pipeline or "-", note)
