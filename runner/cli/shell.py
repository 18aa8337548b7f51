"""`runner shell`"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from runner.cli import options, remote
from runner.errors import UsageError

COMMAND = "runner.cli.shell.command"
"""Where what stands behind `--` is until the command runs."""


class WithCommand(click.Command):
    """Takes `-- COMMAND [ARG]...` at the end, whatever is in it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, behind = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
        ctx.meta[COMMAND] = tuple(behind)
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND [ARG]...]"]


@click.command("shell", cls=WithCommand)
@click.argument("job")
@options.paths
@click.option("--task", metavar="NAME", help="The TASK whose variables it has; default: the first.")
@options.params
@options.integrations
@click.option("--reset", is_flag=True, help="Ignore the state that earlier builds saved.")
@click.option("--keep", is_flag=True, help="Let the build directory stay, without the keys in it.")
@options.grace
@click.option("--aws-region", metavar="REGION", envvar="RUNNER_AWS_REGION", help="Where neither names one.")
@click.option("--aws-sandbox", is_flag=True, help="Use an AWS of our own on 127.0.0.1 that lives as long as the shell.")
@click.option("--host", hidden=True)
@click.pass_context
def command(
    ctx: click.Context,
    job: str,
    paths: tuple[Path, ...],
    task: str | None,
    params: tuple[str, ...],
    integrations_file: Path | None,
    reset: bool,
    keep: bool,
    grace: float,
    aws_region: str | None,
    aws_sandbox: bool,
    host: str | None,
) -> int:
    """Open a shell as JOB would have it, or run one COMMAND so: its directory, inputs, clones, variables, credentials.

    It puts the job's secrets into your shell. Nothing is recorded, no version is made, and when it ends its processes
    are ended and its directory is removed. Without a terminal the script on standard input is run, as by bash -s.
    Exits as the shell or the command does.
    """
    if host:
        raise UsageError(
            "--host: a shell is opened on this host alone, a service keeps the secrets of its jobs to itself"
        )
    if os.environ.get(remote.VARIABLE):
        remote.notice(f"{remote.VARIABLE} is not followed: a shell is opened on this host, with the files here")
    from runner.cli.opening import open_shell
    from runner.service.ci.source import RUN_CI
    from runner.service.environment import task_of
    from runner.service.options import RunOptions
    from runner.service.settings_places import keys_directory
    from runner.service.shells import Wanted

    injected = options.parsed_params(params)
    project = options.project(paths, integrations_file, skip_inconsistent=True)
    found = options.job(project, job)
    if found.type == RUN_CI:
        raise UsageError(f"{job} is a runCI job: each of its builds has an environment of its own, a shell has none")
    behind: Sequence[str] = ctx.meta[COMMAND]
    wanted = Wanted(
        task=task_of(found, task),
        command=behind,
        shell=os.environ.get("SHELL"),
        grace=timedelta(seconds=grace),
    )
    run_options = RunOptions(
        paths=paths or (Path(),),
        integrations_file=project.integrations_file,
        jobs=(job,),
        injected=injected,
        reset=reset,
        aws_region=aws_region,
        aws_sandbox=aws_sandbox,
        keys=keys_directory(os.environ),
    )
    return open_shell(project, found, run_options, wanted, keep=keep, tell=_tell)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may have gone, and what was begun is to be ended all the same
        remote.notice(text)
