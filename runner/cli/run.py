"""`runner run`"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from runner.cli import options, remote
from runner.cli.output import make_output
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.service.options import RunOptions
    from runner.service.ports import Output, Summary

DEFAULT_PARALLEL = 4
LOCAL_ONLY = (
    "paths", "integrations_file", "skip_inconsistent", "strict", "max_parallel", "aws_region", "limits", "grace",
    "aws_sandbox", "ci", "working_tree", "least_coverage", "offline",
)  # fmt: skip
"""What a service has settings for."""
NOT_WITH_CI = {
    "jobs": "--job", "skip_inconsistent": "--skip-inconsistent", "reset": "--reset", "detach": "--detach",
}  # fmt: skip


@click.command("run")
@options.paths
@options.jobs
@options.params
@options.integrations
@options.skip_inconsistent
@options.strict
@options.offline
@click.option("--reset", is_flag=True, help="Ignore the state that earlier builds saved.")
@click.option(
    "--max-parallel", type=click.IntRange(min=1), default=DEFAULT_PARALLEL, show_default=True, help="Builds at once."
)
@click.option(
    "--output",
    type=click.Choice(["pretty", "plain", "json"]),
    help="Default: pretty on a terminal, else plain; json: one event a line.",
)
@click.option("--aws-region", metavar="REGION", envvar="RUNNER_AWS_REGION", help="Where neither names one.")
@options.limits
@options.grace
@click.option("-d", "--detach", is_flag=True, help="Go on in the background; builds outlive whatever started them.")
@click.option("--ci", is_flag=True, help="Run the CI part of the git checkout here, or in DIR.")
@click.option("--working-tree", is_flag=True, help="CI builds get the files as they are, not as they were committed.")
@click.option(
    "--least-coverage", type=click.FloatRange(0, 100), metavar="PERCENT", help="A CI build below is unstable."
)
@click.option("--aws-sandbox", is_flag=True, help="Use an AWS of our own on 127.0.0.1 that lives as long as the run.")
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
    reset: bool,
    max_parallel: int,
    output: str | None,
    aws_region: str | None,
    limits: tuple[str, ...],
    grace: float,
    detach: bool,
    ci: bool,
    working_tree: bool,
    least_coverage: float | None,
    aws_sandbox: bool,
    host: str | None,
) -> int:
    """Run a pipeline on this host, here and now; with --host, start the jobs named with --job on a service.

    Without --job every job that has no upstream job starts, the others follow the trigger rules. Exit 0 success,
    1 a job failed, 2 usage or invalid file, 3 a bug of the runner, 130 interrupted.
    """
    injected = options.parsed_params(params)
    kind = output or ("pretty" if options.is_terminal() else "plain")
    if host:
        remote.refuse_with_host(ctx, *LOCAL_ONLY)
        return _run_on(host, jobs, injected, kind, reset=reset, detach=detach)
    from runner import app
    from runner.service.options import RunOptions
    from runner.service.settings_places import keys_directory

    wanted = RunOptions(
        paths=paths or (Path(),),
        integrations_file=integrations_file,
        jobs=jobs,
        injected=injected,
        reset=reset,
        max_parallel=max_parallel,
        aws_region=aws_region,
        aws_sandbox=aws_sandbox,
        limits=options.parsed_limits(limits),
        grace=timedelta(seconds=grace),
        working_tree=working_tree,
        least_coverage=least_coverage,
        keys=keys_directory(os.environ),
    )
    if ci:
        _refuse_with_ci(ctx, paths)
        return _run_ci(wanted, make_output(kind), strict=strict, offline=offline)
    project = options.project(
        paths, integrations_file, skip_inconsistent=skip_inconsistent, strict=strict, offline=offline
    )
    wanted = replace(wanted, integrations_file=project.integrations_file)
    shown = make_output(kind)
    if detach:
        _tell_detached(app.detach(project, wanted, shown), wanted, as_json=output == "json")
        return 0
    return _exit_code(app.run_pipeline(project, wanted, shown), shown)


def _refuse_with_ci(ctx: click.Context, paths: tuple[Path, ...]) -> None:
    """Raises UsageError for what means nothing with --ci."""
    for name, option in NOT_WITH_CI.items():
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"{option} means nothing with --ci: leave it out")
    if len(paths) > 1:
        raise UsageError("--ci runs the CI part of one checkout: name one directory")


def _run_ci(wanted: RunOptions, shown: Output, *, strict: bool, offline: bool) -> int:
    from runner import app
    from runner.pipeline.problems import Severity
    from runner.service.ci.project import ci_project

    top, project = ci_project(
        wanted.paths[0], os.environ, wanted.integrations_file, working_tree=wanted.working_tree, offline=offline
    )
    problems = project.all_problems
    for problem in problems:
        click.echo(str(problem), err=True)
    if any(problem.severity.broken for problem in problems):
        raise UsageError("the CI part has the problems above; nothing was run")
    if strict and any(problem.severity is Severity.WARNING for problem in problems):
        raise UsageError(options.WARNED)
    return _exit_code(app.run_pipeline(project, replace(wanted, paths=(top,)), shown), shown)


def _run_on(host: str, jobs: tuple[str, ...], injected: dict[str, str], kind: str, *, reset: bool, detach: bool) -> int:
    from runner.cli import remote_run

    if not jobs:
        raise UsageError("--host starts jobs, not files: name them with --job ('runner jobs' lists them)")
    client = remote.client_of(host)
    rows = remote_run.start(client, jobs, injected, reset=reset)
    if detach:
        remote_run.tell_detached(client, rows, as_json=kind == "json")
        return 0
    shown = make_output(kind)
    return _exit_code(remote_run.watch(client, rows, shown), shown)


def _exit_code(summary: Summary, shown: Output) -> int:
    with contextlib.suppress(OSError):  # the reader may have gone: the exit code stays what it is
        shown.summary(summary)
    if summary.interrupted:
        return 130
    return 0 if summary.succeeded else 1


def _tell_detached(run: int, wanted: RunOptions, *, as_json: bool) -> None:
    """What a person needs to find the run again."""
    from runner.service.project import base_directory

    if as_json:
        click.echo(json.dumps({"event": "run_detached", "run": run}))
        return
    where = base_directory(wanted.paths)
    place = "" if where.resolve() == Path.cwd() else f" -C {shlex.quote(str(where))}"
    click.echo(f"run {run} goes on in the background")
    click.echo(f"  runner builds{place}")
    click.echo(f"  runner logs -f{place}")
    click.echo(f"  runner cancel --run {run}{place}")
