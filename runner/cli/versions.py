"""`runner versions`"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from runner.cli import listing, remote
from runner.cli.tables import local
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.client.client import Client
    from runner.client.shapes import Version

HEADINGS = ("VERSION", "NAME", "MADE", "CONTENT")
LONGEST = 60  # characters of content in a table


@click.command("versions")
@click.argument("name")
@click.option("-n", "--most", type=click.IntRange(1, 500), default=20, show_default=True, help="How many.")
@remote.required
@remote.as_json
def command(name: str, most: int, host: str | None, as_json: bool) -> None:
    """List the versions of a job or resource, newest first."""
    found = _versions(remote.service(host), name, most)
    listing.show(found, HEADINGS, _line, none=f"{name} has no version yet", as_json=as_json)


def _versions(client: Client, name: str, most: int) -> list[Version]:
    from runner.client.client import segment
    from runner.client.failures import NotThereError
    from runner.client.shapes import read_version

    for kind in ("resources", "jobs"):
        try:
            path = f"/{kind}/{segment(name)}/versions"
            return client.get(path, lambda raw: list(map(read_version, raw["versions"])), limit=most)
        except NotThereError as error:
            if kind == "jobs":
                raise UsageError(
                    f"there is no job or resource {name}: 'runner jobs' and 'runner resources' list them"
                ) from error
    raise AssertionError


def _line(version: Version) -> tuple[str, ...]:
    content = json.dumps(version.property_bag, ensure_ascii=False) if version.property_bag else ""
    shown = content if len(content) <= LONGEST else f"{content[:LONGEST]}… (--json)"
    return (str(version.number), version.name or "-", local(version.created_at), shown)
