"""`runner resource`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, remote
from runner.cli.tables import counted, local, table
from runner.cli.versions import HEADINGS, shown_content
from runner.errors import UsageError
from runner.logs.sanitizing import harmless

if TYPE_CHECKING:
    from runner.service.project import Project
    from runner.store.resource_views import MadeVersion, ResourceView, Use


@click.group("resource")
def command() -> None:
    """Look at one resource; 'runner resources' lists those of a service."""


@command.command("show")
@click.argument("name")
@options.paths
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@remote.instead
@click.pass_context
def show(ctx: click.Context, name: str, paths: tuple[Path, ...], as_json: bool, host: str | None) -> None:
    """Show where NAME is declared, which jobs take it and give it out, what it holds now and has held."""
    view = _of_service(ctx, host, name) if host else _of_files(paths, name)
    if as_json:
        click.echo(json.dumps(_record(view), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(view)))


def _of_service(ctx: click.Context, host: str, name: str) -> ResourceView:
    from runner.client.client import segment
    from runner.client.resource import read_resource_view

    remote.refuse_with_host(ctx, "paths")
    return remote.client_of(host).get(f"/resources/{segment(name)}", read_resource_view)


def _of_files(paths: Sequence[Path], name: str) -> ResourceView:
    from runner.service.project import read_project

    project = read_project(paths or (Path(),), None)
    for problem in project.problems:
        click.echo(str(problem), err=True)
    if project.refused:
        raise UsageError("the file has the problems above: what it says of a resource cannot be told")
    return asyncio.run(_of_store(project, options.store_place(paths), name))


async def _of_store(project: Project, directory: Path, name: str) -> ResourceView:
    from runner.service.questions import unknown
    from runner.service.rehearsals import store_or_nothing
    from runner.store import views
    from runner.store.resource_views import resource_view

    store = store_or_nothing(directory)
    await store.open()
    try:
        view = await store.read(lambda tx: resource_view(tx, project.pipeline, name))
        if view is not None:
            return view
        nodes = await store.read(views.nodes)
    finally:
        await store.close()
    if name in project.pipeline.jobs or any(node.name == name and node.is_job for node in nodes):
        raise UsageError(f"{name} is a job, no resource: 'runner graph --job {name}' shows what is around it")
    raise unknown(name, "resource", [*project.pipeline.resources, *(node.name for node in nodes if not node.is_job)])


def _lines(view: ResourceView) -> Iterator[str]:
    for word, text in _facts(view):
        yield f"{word:12} {harmless(text, colours=False)}"
    if view.history.newest:
        yield ""
        yield from table((*HEADINGS[:3], "BUILD", HEADINGS[3]), map(_version_line, view.history.newest))


def _facts(view: ResourceView) -> Iterator[tuple[str, str]]:
    yield "resource", f"{view.name} ({view.type})"
    yield "declared", view.declared or "in no file any more"
    if view.integration is not None:
        yield "integration", view.integration
    yield "IN of", ", ".join(map(_in, view.ins)) or "no job"
    yield "OUT of", ", ".join(map(_out, view.outs)) or "no job"
    if pins := [use for use in view.ins if _pin(use)]:
        yield "pins", ", ".join(f"{_pin(use)} by {use.job}" for use in pins)
    yield "version", _current(view)
    if view.problem is not None:
        yield "problem", view.problem


def _in(use: Use) -> str:
    return use.job if use.switch else f"{use.job} (switch off)"


def _out(use: Use) -> str:
    return f"{use.job} (on failure too)" if use.on_failure else use.job


def _pin(use: Use) -> str:
    if use.version_number is not None:
        return f"number {use.version_number}"
    return "" if use.version_name is None else f"name {use.version_name}"


def _current(view: ResourceView) -> str:
    history = view.history
    if not history.newest:
        return "none yet: the first run makes one of the file"
    newest = history.newest[0]
    name = f" ({newest.name})" if newest.name else ""
    by = f" by {newest.build}" if newest.build else ""
    since = f"; {counted(history.versions, 'version')} since {local(history.since)}"
    return f"{newest.number}{name}, made {local(newest.created_at)}{by}{since}"


def _version_line(version: MadeVersion) -> tuple[str, ...]:
    made = local(version.created_at)
    content = shown_content(version.property_bag)
    return (str(version.number), version.name or "-", made, version.build or "-", content)


def _record(view: ResourceView) -> dict[str, object]:
    history = view.history
    return {
        "name": view.name,
        "type": view.type,
        "declared": view.declared,
        "integration": view.integration,
        "ins": [_use_record(use) for use in view.ins],
        "outs": [_use_record(use) for use in view.outs],
        "history": {
            "versions": history.versions,
            "since": _moment(history.since),
            "newest": [
                {
                    "number": version.number,
                    "versionName": version.name,
                    "propertyBag": version.property_bag,
                    "created_at": _moment(version.created_at),
                    "build": version.build,
                }
                for version in history.newest
            ],
        },
        "problem": view.problem,
    }


def _use_record(use: Use) -> dict[str, object]:
    return {
        "job": use.job,
        "versionName": use.version_name,
        "versionNumber": use.version_number,
        "switch": use.switch,
        "on_failure": use.on_failure,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
