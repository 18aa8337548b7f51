"""`runner versions`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from runner.cli import listing, options, remote
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
@click.option("-C", "--directory", type=options.PATH, metavar="DIR", help="Of the store there, of no service.")
@remote.required
@remote.as_json
@click.pass_context
def command(ctx: click.Context, name: str, most: int, directory: Path | None, host: str | None, as_json: bool) -> None:
    """List the versions of a job or resource, newest first."""
    if directory is None:
        found = _versions(remote.service(host), name, most)
    elif ctx.get_parameter_source("host") is ParameterSource.COMMANDLINE:
        raise UsageError("--directory does not go with --host: versions are those of a store here or of a service")
    else:
        found = asyncio.run(_stored(options.store_directory(directory), name, most))
    listing.show(found, HEADINGS, _line, none=f"{name} has no version yet", as_json=as_json)


async def _stored(directory: Path, name: str, most: int) -> list[Version]:
    from runner.client.shapes import read_version
    from runner.service.questions import unknown
    from runner.store import views
    from runner.store.store import Store

    store = Store(directory)
    await store.open()
    try:
        nodes = [node.name for node in await store.read(views.nodes)]
        if name not in nodes:
            raise unknown(name, None, nodes)
        rows = await store.read(lambda tx: views.versions(tx, name, None, most))
    finally:
        await store.close()
    return [
        read_version(
            {
                "id": row.id,
                "number": row.number,
                "versionName": row.name,
                "propertyBag": row.property_bag,
                "created_at": row.created_at,
            }
        )
        for row in rows
    ]


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
    content = shown_content(version.property_bag)
    return (str(version.number), version.name or "-", local(version.created_at), content)


def shown_content(bag: Mapping[str, object]) -> str:
    content = json.dumps(dict(bag), ensure_ascii=False) if bag else ""
    return content if len(content) <= LONGEST else f"{content[:LONGEST]}… (--json)"
