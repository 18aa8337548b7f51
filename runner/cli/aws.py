"""`runner aws whoami`"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import click

from runner.aws.whoami import WhoAmI, inside_job, of_environment
from runner.cli import options, remote
from runner.errors import UsageError


@click.group("aws")
def command() -> None:
    """Look at AWS identities."""


@command.command("whoami")
@options.paths
@options.jobs
@options.integrations
@click.option("--aws-region", metavar="REGION", envvar="RUNNER_AWS_REGION", help="Where neither names one.")
@click.option("--aws-sandbox", is_flag=True, help="Ask an AWS of our own on 127.0.0.1.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an identity and line.")
@remote.instead
def whoami(
    paths: tuple[Path, ...],
    jobs: tuple[str, ...],
    integrations_file: Path | None,
    aws_region: str | None,
    aws_sandbox: bool,
    as_json: bool,
    host: str | None,
) -> None:
    """Print the identity that a job has.

    Inside a job: the one its AWS SDKs use right now. Elsewhere: for each job of the pipeline, or those named with
    --job, the roles are assumed once and shown; nothing is run.
    """
    if inside_job(os.environ):
        _print("", asyncio.run(of_environment(os.environ)), as_json=as_json)
        return
    if host:
        raise UsageError(
            "a service assumes roles for its builds alone and tells nobody: let a job call 'runner aws whoami', or "
            "leave --host and RUNNER_HOST out to ask for the pipeline here"
        )
    from runner.app import identities
    from runner.service.options import RunOptions

    project = options.project(paths, integrations_file, skip_inconsistent=True)
    chosen = RunOptions(paths=paths or (Path(),), jobs=jobs, aws_region=aws_region, aws_sandbox=aws_sandbox)
    found = identities(project, chosen)
    for label, identity in found:
        _print(label, identity, as_json=as_json)
    if not found:
        click.echo("no job reaches an AWS IAM integration: none of them has an AWS identity", err=True)


def _print(label: str, found: WhoAmI, *, as_json: bool) -> None:
    expires = found.expires.strftime("%Y-%m-%dT%H:%M:%SZ") if found.expires else None
    values = {
        "account": found.identity.account,
        "arn": found.identity.arn,
        "user_id": found.identity.user_id,
        "region": found.region,
        "expires": expires,
    }
    if as_json:
        click.echo(json.dumps({"job": label, **values} if label else values))
        return
    if label:
        click.echo(label)
    for name, value in values.items():
        if value is not None:
            click.echo(f"{'  ' if label else ''}{name:8} {value}")
