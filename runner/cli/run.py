"""`runner run`"""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from runner.cli import options
from runner.cli.output import make_output

DEFAULT_PARALLEL = 4


@click.command("run")
@options.paths
@options.jobs
@options.params
@options.integrations
@options.skip_inconsistent
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
@click.option("--aws-sandbox", is_flag=True, help="Use an AWS of our own on 127.0.0.1 that lives as long as the run.")
def command(
    paths: tuple[Path, ...],
    jobs: tuple[str, ...],
    params: tuple[str, ...],
    integrations_file: Path | None,
    skip_inconsistent: bool,
    reset: bool,
    max_parallel: int,
    output: str | None,
    aws_region: str | None,
    aws_sandbox: bool,
) -> int:
    """Run a pipeline on this host, here and now.

    Without --job every job that has no upstream job starts, the others follow the trigger rules. Exit 0 success,
    1 a job failed, 2 usage or invalid file, 3 a bug of the runner, 130 interrupted.
    """
    from runner.app import RunOptions, run_pipeline

    injected = options.parsed_params(params)
    project = options.project(paths, integrations_file, skip_inconsistent=skip_inconsistent)
    shown = make_output(output or ("pretty" if options.is_terminal() else "plain"))
    summary = run_pipeline(
        project,
        RunOptions(
            paths=paths or (Path(),),
            jobs=jobs,
            injected=injected,
            reset=reset,
            max_parallel=max_parallel,
            aws_region=aws_region,
            aws_sandbox=aws_sandbox,
        ),
        shown,
    )
    with contextlib.suppress(OSError):  # the reader may have gone: the exit code stays what it is
        shown.summary(summary)
    if summary.interrupted:
        return 130
    return 0 if summary.succeeded else 1
