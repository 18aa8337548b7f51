"""`runner env`"""

from __future__ import annotations

import asyncio
import dataclasses
import fnmatch
import json
import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import options, remote
from runner.cli.assignments import assignment
from runner.errors import UsageError
from runner.logs.sanitizing import harmless
from runner.pipeline.problems import nearest

if TYPE_CHECKING:
    from runner.pipeline.model import Job
    from runner.service.project import Project
    from runner.workspace.environment import Environment, Shown


@click.command("env")
@click.argument("job")
@options.paths
@click.option("--task", metavar="NAME", help="The TASK whose variables are shown; default: the first.")
@click.option(
    "-n", "--name", "names", multiple=True, metavar="NAME", help="Only this variable, or those like AWS_*; repeatable."
)
@options.params
@options.integrations
@click.option("--aws-region", metavar="REGION", envvar="RUNNER_AWS_REGION", help="Where neither names one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context,
    job: str,
    paths: tuple[Path, ...],
    task: str | None,
    names: tuple[str, ...],
    params: tuple[str, ...],
    integrations_file: Path | None,
    aws_region: str | None,
    as_json: bool,
    host: str | None,
) -> None:
    """Show the variables that JOB would get if it began now, each with its source; secrets are not shown.

    Nothing is started, cloned, fetched, assumed or written. With --host: of a job of a service.
    """
    if host:
        remote.refuse_with_host(ctx, "paths", "params", "integrations_file", "aws_region")
        found = _of_service(host, job, task)
    else:
        injected = options.parsed_params(params)
        project = options.project(paths, integrations_file, skip_inconsistent=True)
        found = _of_files(project, paths, options.job(project, job), task, injected, aws_region)
    found = dataclasses.replace(found, variables=tuple(_named(found, names)))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=2))
        return
    _tell(found)
    click.echo("\n".join(map(_line, found.variables)))


def _of_files(
    project: Project,
    paths: Sequence[Path],
    job: Job,
    task: str | None,
    injected: dict[str, str],
    region: str | None,
) -> Environment:
    from runner.sealing.keyring import Keyring
    from runner.service.environment import Asked, environment, task_of
    from runner.service.rehearsals import rehearsed
    from runner.service.settings_places import keys_directory
    from runner.workspace.host import base_environment, user_name

    directory = options.store_place(paths)
    rehearsal = asyncio.run(rehearsed(directory, project, job))
    return environment(
        Asked(
            project=project,
            job=job,
            rehearsal=rehearsal,
            place=directory / "builds" / str(rehearsal.build.id),
            base=base_environment(os.environ, directory / "bin"),
            machine=platform.machine(),
            user=user_name(),
            keyring=Keyring(keys_directory(os.environ)),
            task=task_of(job, task),
            injected=injected,
            region=region,
        )
    )


def _of_service(host: str, job: str, task: str | None) -> Environment:
    from runner.client.client import segment
    from runner.client.environment import read_environment

    return remote.client_of(host).get(f"/jobs/{segment(job)}/env", read_environment, task=task)


def _named(found: Environment, names: Sequence[str]) -> Iterator[Shown]:
    """Those that were asked for. Raises UsageError for a name that nothing has."""
    known = [variable.name for variable in found.variables]
    for name in names:
        if not fnmatch.filter(known, name):
            _tell(found)  # what could not be read may have it
            hint = nearest(name, known)
            raise UsageError(f"--name {name}: {found.job} gets no such variable{f' ({hint})' if hint else ''}")
    for variable in found.variables:
        if not names or any(fnmatch.fnmatchcase(variable.name, name) for name in names):
            yield variable


def _tell(found: Environment) -> None:
    """What is to be known about the list, beside it."""
    if len(found.tasks) > 1:
        others = ", ".join(harmless(name, colours=False) for name in found.tasks if name != found.task)
        remote.notice(
            f"these are the variables of TASK '{harmless(found.task or '', colours=False)}'; --task shows: {others}"
        )
    for note in found.notes:
        remote.notice(harmless(note, colours=False))


def _line(variable: Shown) -> str:
    source = harmless(variable.source, colours=False)
    if variable.value is None:
        return f"{variable.name}=  # {source}, known when it runs"
    shown = f"{variable.name}={variable.value}" if variable.secret else assignment(variable.name, variable.value)
    return f"{shown}  # {source}"
