"""`runner plan`"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from runner.cli import options, remote
from runner.sealing.keyring import Keyring
from runner.service.plan import Plan, PlannedJob, make_plan
from runner.service.project import base_directory
from runner.service.selection import select_rules
from runner.service.settings_places import keys_directory
from runner.store.store import Store


@click.command("plan")
@options.paths
@options.jobs
@options.params
@options.integrations
@options.skip_inconsistent
@options.strict
@options.offline
@click.option("--json", "as_json", is_flag=True, help="The plan as one JSON object.")
@click.option("-v", "--variables", is_flag=True, help="Name every variable, not only how many there are.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    jobs: tuple[str, ...],
    params: tuple[str, ...],
    integrations_file: Path | None,
    skip_inconsistent: bool,
    strict: bool,
    offline: bool,
    as_json: bool,
    variables: bool,
    host: str | None,
) -> None:
    """Show what `run` would do if every job succeeded and published: order, reasons, inputs, variables, roles.

    Nothing is run or assumed, and nothing is written or fetched but external references of templates. With --host: what
    a service starts next, and what holds the rest.
    """
    if host:
        from runner.cli.remote_plan import show_plan

        remote.refuse_with_host(
            ctx, "paths", "params", "integrations_file", "skip_inconsistent", "strict", "variables", "offline"
        )
        show_plan(remote.client_of(host), jobs, as_json=as_json)
        return
    project = options.project(
        paths, integrations_file, skip_inconsistent=skip_inconsistent, strict=strict, offline=offline
    )
    earlier = _earlier(base_directory(paths or (Path(),)) / options.STORE, list(project.pipeline.jobs))
    keyring = Keyring(keys_directory(os.environ))
    plan = make_plan(project, select_rules(project, jobs), options.parsed_params(params), earlier, keyring)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(plan), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(plan, every_variable=variables)))


def _earlier(directory: Path, jobs: list[str]) -> Mapping[str, str]:
    """The last statuses, where there is a store: it is not made for this."""
    return asyncio.run(_last_statuses(directory, jobs)) if os.path.isfile(directory / "runner.db") else {}


async def _last_statuses(directory: Path, jobs: list[str]) -> Mapping[str, str]:
    store = Store(directory)
    await store.open()
    try:
        return await store.last_statuses(jobs)
    finally:
        await store.close()


def _lines(plan: Plan, *, every_variable: bool) -> Iterator[str]:
    for number, job in enumerate(plan.jobs, 1):
        yield f"{number}. {job.job} ({job.type}): {job.why}"
        yield from (f"     {line}" for line in _details(job, every_variable=every_variable))
    if plan.left_out:
        yield "not run:"
        yield from (f"   - {job}: {reason}" for job, reason in plan.left_out)
    yield f"plan {plan.digest}"


def _details(job: PlannedJob, *, every_variable: bool) -> Iterator[str]:
    for word, items in (("IN", job.ins), ("OUT", job.outs), ("TASK", job.tasks), ("role", job.roles)):
        yield from (f"{word:5}{item}" for item in items)
    if every_variable:
        for name, (source, secret) in job.variables.items():
            yield f"var  {name} ({source}{', secret' if secret else ''})"
    else:
        yield f"var  {len(job.variables)} variables (-v names them)"
    yield from (f"not known: {sentence}" for sentence in job.sealed)
