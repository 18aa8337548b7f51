"""`runner validate`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli import options, remote
from runner.pipeline.problems import Problem, Severity
from runner.service.project import read_project


@click.command("validate")
@options.paths
@options.integrations
@click.option("--json", "as_json", is_flag=True, help="One JSON object a problem and line, for editors.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[Path, ...], integrations_file: Path | None, as_json: bool, host: str | None
) -> int:
    """Show every problem of pipeline files, each with its place.

    Exit 0 if the pipeline can be run (warnings may be there), 2 if it cannot. With --host the files of this host are
    judged by the service, whose version may be another one; integrations are not looked at then.
    """
    if host:
        from runner.cli.remote_validate import validate

        remote.refuse_with_host(ctx, "integrations_file")
        return validate(remote.client_of(host), paths or (Path(),), as_json=as_json)
    project = read_project(paths or (Path(),), integrations_file)
    for problem in project.all_problems:
        click.echo(json.dumps(as_record(problem), ensure_ascii=False) if as_json else str(problem))
    broken = sum(problem.severity is not Severity.WARNING for problem in project.all_problems)
    if not as_json:
        counted = ", ".join(
            f"{len(items)} {word}{'s' * (len(items) != 1)}"
            for items, word in ((project.pipeline.jobs, "job"), (project.pipeline.resources, "resource"))
        )
        counted += ", a CI part" if project.ci else ""
        verdict = f"{broken} problem{'s' * (broken != 1)}" if broken else "valid"
        click.echo(f"{verdict}: {counted}", err=bool(broken))
    return 2 if broken else 0


def as_record(problem: Problem) -> dict[str, str | int | None]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity.value,
        "subject": problem.subject,
        "message": problem.message,
        "hint": problem.hint,
        "node": problem.node,
    }
