"""Arguments and options that several verbs share."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.pipeline.model import Job, Limits
    from runner.service.project import Project

STORE = ".runner"
PATH = click.Path(path_type=Path, readable=False)
"""A path whatever it is: whoever opens it says in one sentence what is wrong with it."""

paths = click.argument("paths", nargs=-1, type=PATH, metavar="[FILE|DIR]...")
integrations = click.option(
    "--integrations",
    "integrations_file",
    type=PATH,
    metavar="FILE",
    help="The integrations; default: .runner/integrations.yml beside the pipeline, then "
    "~/.config/shippable-runner/integrations.yml.",
)
jobs = click.option("--job", "jobs", multiple=True, metavar="NAME", help="Only this job; may be given several times.")
params = click.option(
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="A variable for every job; may be given several times.",
)
limits = click.option(
    "--limit",
    "limits",
    multiple=True,
    envvar="RUNNER_LIMITS",
    metavar="NAME=VALUE",
    help="What each build may use on this host: memory, pids, cpuWeight, openFiles, core, log, disk or savedFiles "
    "(memory=2GiB); may be given several times.",
)
grace = click.option(
    "--grace",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    envvar="RUNNER_GRACE",
    metavar="SECONDS",
    help="How long processes get to end before they are killed, where the job does not say.",
)
skip_inconsistent = click.option(
    "--skip-inconsistent", is_flag=True, help="Leave out jobs that name something nothing defines, run the rest."
)
offline = click.option(
    "--offline", is_flag=True, help="Fetch nothing: external references of templates come from the cache."
)
strict = click.option("--strict", is_flag=True, help="Take warnings for errors.")
WARNED = "there are warnings (above), and --strict takes them for errors; nothing was run"
directory = click.option(
    "-C",
    "--directory",
    type=PATH,
    default=Path(),
    metavar="DIR",
    help="Where the pipeline stands; default: here, or the nearest directory above that has a store.",
)


def project(
    paths: Sequence[Path],
    integrations_file: Path | None,
    *,
    skip_inconsistent: bool,
    strict: bool = False,
    offline: bool = False,
) -> Project:
    """Read the files; prints their problems to standard error and refuses (exit 2) what must not be run."""
    from runner.pipeline.problems import Severity
    from runner.service.project import read_project

    found = read_project(paths or (Path(),), integrations_file, offline=offline)
    for problem in found.problems:
        click.echo(str(problem), err=True)
    if found.refused:
        raise UsageError("the file has the problems above; nothing was run")
    if strict and any(problem.severity is Severity.WARNING for problem in found.problems):
        raise UsageError(WARNED)
    if found.inconsistent and not skip_inconsistent:
        raise UsageError("something names what nothing defines (above); --skip-inconsistent leaves it out")
    if not found.pipeline.jobs:
        hint = "; their CI part runs with 'runner run --ci'" if found.ci else ""
        raise UsageError(f"there is no job in these files: nothing to run{hint}")
    return found


def job(project: Project, name: str) -> Job:
    """The job that was named. Raises UsageError where there is none, or where it names what nothing defines."""
    from runner.pipeline.problems import nearest

    if name not in project.pipeline.jobs:
        hint = nearest(name, project.pipeline.jobs)
        raise UsageError(f"there is no job {name}{f' ({hint})' if hint else ''}")
    if name in project.inconsistent:
        raise UsageError(f"{name} cannot run: {project.inconsistent[name]}")
    return project.pipeline.jobs[name]


def parsed_params(params: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` as a mapping. Raises UsageError."""
    from runner.names import is_variable
    from runner.service.credentials import host_scrubbed
    from runner.workspace.variables import platform_names

    parsed = {}
    fixed = platform_names() | host_scrubbed() if params else frozenset()
    for text in params:
        key, separator, value = text.partition("=")
        if not separator or not is_variable(key):
            raise UsageError(f"--param {text!r}: give KEY=VALUE, where KEY holds letters, digits and underscores")
        if key in fixed:
            raise UsageError(f"--param {key}: this variable is the platform's, nothing takes its place: choose another")
        parsed[key] = value
    return parsed


def parsed_limits(texts: Sequence[str]) -> Limits:
    """`NAME=VALUE` as limits, by the names that the file uses. Raises UsageError."""
    from runner.pipeline.limits import LIMITS, limits_of, parse_limit, values_of
    from runner.pipeline.problems import nearest

    parsed = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in LIMITS:
            hint = nearest(name, LIMITS) or f"there are {', '.join(LIMITS)}"
            raise UsageError(f"--limit or RUNNER_LIMITS {text!r}: there is no limit '{name}' ({hint})")
        if (limit := parse_limit(name, value)) is None:
            raise UsageError(f"--limit or RUNNER_LIMITS {text!r}: {name} must be {values_of(name)}, not '{value}'")
        parsed[name] = limit
    return limits_of(parsed)


def store_place(paths: Sequence[Path]) -> Path:
    """Where the store of these files is, or would be."""
    from runner.service.project import base_directory

    return base_directory(paths or (Path(),)).resolve() / STORE


def store_directory(start: Path, *, service: str = "--host local") -> Path:
    """The store of `start` or of the nearest directory above it; `service` is how a command names that of the service.
    Raises UsageError where there is none."""
    resolved = start.resolve()
    for directory in (resolved, *resolved.parents):
        if os.path.isfile(directory / STORE / "runner.db"):
            return directory / STORE
    if os.path.isdir(resolved / STORE):
        raise UsageError(f"no builds yet: nothing has run with {resolved / STORE}/ (another place is named with -C)")
    raise UsageError(
        f"no builds yet: there is no {STORE}/ in {resolved} or above it (name the place with -C{_service(service)})"
    )


def _service(option: str) -> str:
    """Where people on a build host may have meant its service."""
    from runner.client.address import SYSTEM_SOCKET

    return f", or the service of this host with {option}" if SYSTEM_SOCKET.exists() else ""


def is_terminal() -> bool:
    return sys.stdout.isatty()
