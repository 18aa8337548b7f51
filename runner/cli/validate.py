"""`runner validate`"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import click

from runner.cli import options, remote
from runner.cli.tables import counted
from runner.diagnostics.diagnose import Subject, diagnose
from runner.diagnostics.excerpts import Paint, excerpt
from runner.diagnostics.formats import github_lines, json_lines
from runner.diagnostics.sarif import sarif
from runner.diagnostics.sources import Sources
from runner.errors import UsageError
from runner.pipeline.problems import Problem, Severity
from runner.sealing.keyring import Keyring
from runner.service.project import Project, read_project
from runner.service.settings_places import keys_directory
from runner.workspace.variables import platform_names

FORMATS = ("text", "concise", "json", "sarif", "github")


@click.command("validate")
@options.paths
@options.integrations
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="text, the default: with the line of each problem; concise: one line each; json: one object a line; sarif: "
    "SARIF 2.1.0; github: annotations of a GitHub workflow.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@options.strict
@options.offline
@click.option("--no-shell", is_flag=True, help="Leave the scripts alone: no bash parses them, no shellcheck.")
@remote.instead
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[Path, ...],
    integrations_file: Path | None,
    format_: str | None,
    as_json: bool,
    strict: bool,
    offline: bool,
    no_shell: bool,
    host: str | None,
) -> int:
    """Show every problem of pipeline files, each with its place and a code that docs/problems.md explains.

    Exit 0 if the pipeline can be run (warnings may be there), 2 if it cannot. Scripts are parsed by bash, and looked at
    by shellcheck where it is installed; none is run. '# runner: ignore[W204]' on a line leaves a warning out. With
    --host the files of this host are judged by the service, whose version may be another one; integrations and scripts
    are not looked at then.
    """
    shape = _shape(format_, as_json=as_json)
    if host:
        from runner.cli.remote_validate import validate

        remote.refuse_with_host(ctx, "integrations_file", "strict", "no_shell")
        if shape not in ("text", "concise", "json"):
            raise UsageError(f"--format {shape} does not go with --host: text and json do")
        return validate(remote.client_of(host), paths or (Path(),), as_json=shape == "json", offline=offline)
    project = read_project(paths or (Path(),), integrations_file, offline=offline)
    problems = diagnose(_subject(project), platform_names(), shell=not no_shell)
    _show(shape, problems, Sources(project.sources))
    count = Counter(problem.severity for problem in problems)
    refused = any(severity.broken or (strict and severity is Severity.WARNING) for severity in count)
    if shape in ("text", "concise"):
        click.echo(f"{_verdict(count, refused=refused)}: {_contents(project)}", err=refused)
    return 2 if refused else 0


def _shape(format_: str | None, *, as_json: bool) -> str:
    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} ask for two formats: give one of them")
    return "json" if as_json else format_ or "text"


def _subject(project: Project) -> Subject:
    return Subject(
        pipeline=project.pipeline,
        files=project.sources,
        integrations=project.integrations,
        problems=project.problems,
        ci=project.ci,
        ignored=project.ignored,
        keyring=Keyring(keys_directory(os.environ)),
    )


def _show(shape: str, problems: Sequence[Problem], sources: Sources) -> None:
    match shape:
        case "sarif":
            click.echo(sarif(problems, sources, version("shippable-runner")))
        case "json":
            _echo(json_lines(problems, sources))
        case "github":
            _echo(github_lines(problems, sources))
        case "concise":
            _echo(map(str, problems))
        case _:
            paint = Paint(options.is_terminal() and not os.environ.get("NO_COLOR"))
            _echo("".join(f"{line}\n" for line in excerpt(problem, sources, paint)) for problem in problems)


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _verdict(count: Counter[Severity], *, refused: bool) -> str:
    """`2 errors, 1 warning`, `valid, 1 hint`, `valid`."""
    told = [
        counted(number, word)
        for number, word in (
            (count[Severity.ERROR] + count[Severity.INCONSISTENT], "error"),
            (count[Severity.WARNING], "warning"),
            (count[Severity.HINT], "hint"),
        )
        if number
    ]
    return ", ".join(told if refused else ["valid", *told])


def _contents(project: Project) -> str:
    pipeline = project.pipeline
    ci = ", a CI part" if project.ci else ""
    return f"{counted(len(pipeline.jobs), 'job')}, {counted(len(pipeline.resources), 'resource')}{ci}"
