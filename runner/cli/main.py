"""`runner`: the command line. Each verb is a module that is imported when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from runner.errors import RunnerError, UsageError

LOCAL = {
    "run": "Run a pipeline on this host.",
    "plan": "Show what would run, in which order and why; nothing is run.",
    "env": "Show the variables that a job would get; nothing is run.",
    "shell": "Open a shell as a job would have it.",
    "validate": "Show every problem of pipeline files.",
    "logs": "Show the log of a build, also while it runs.",
    "builds": "List the builds of this store.",
    "cancel": "Cancel builds, or a whole run.",
    "resource": "Show where a resource is declared, who uses it and what it holds.",
    "state": "List, read and remove what jobs and resources have saved.",
    "gc": "Remove builds beyond the limits of age, number and size.",
    "doctor": "Show what this host gives to builds.",
    "aws": "Look at AWS identities.",
}
FILES = {
    "graph": "Draw the jobs and resources of a pipeline.",
    "migrate": "Rewrite older syntax into the new one.",
    "references": "List external references of templates, or take what they are by now.",
    "schema": "Print a JSON Schema of pipeline files, for editors.",
    "encrypt": "Encrypt variables, for a file that everybody may read.",
    "secrets": "Make and list the key pairs of encrypted variables.",
}
SERVICE = {
    "serve": "Watch pipelines and run their jobs when their inputs change.",
    "install": "Make this host a build host.",
    "uninstall": "Remove what install has put on this host.",
    "config": "Check and show the settings of the service.",
    "jobs": "List jobs: how they ended last, what runs, what holds them.",
    "resources": "List resources.",
    "versions": "List the versions of a job or resource.",
    "pipelines": "List pipelines: which files are in force, what is wrong with newer ones.",
    "sync": "Read the files of pipelines again, now.",
    "pause": "Let nothing start a job but a person.",
    "resume": "Let a job be started by its inputs again.",
    "approve": "Start a job that waits for a person.",
    "replay": "Run a build again with the same input versions.",
    "waiting": "Look after what strict jobs wait for.",
    "purge": "Destroy a job or resource that no file has any more.",
    "drain": "Let the service come to rest: nothing more is started.",
    "token": "Add, list and revoke the tokens of callers over TCP.",
}
VERBS = {**LOCAL, **FILES, **SERVICE}
GROUPS = {
    "Here, or with --host on a service": LOCAL,
    "Pipeline files": FILES,
    "The service of this host, or with --host another one": SERVICE,
}
HIDDEN = ("lead",)
"""Verbs that the runner calls itself."""
SUCCESS, FAILED, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130


class Verbs(click.Group):
    """Lists verbs without importing them: start-up time is part of the interface."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS and cmd_name not in HIDDEN:
            return None
        command: click.Command = importlib.import_module(f"runner.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Whoever read our output may go, that is their right; click would end with 1 then."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _let_go_of_stdout()
            return SUCCESS

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises UsageError for a verb that there is not."""
        if args and args[0] not in VERBS and args[0] not in HIDDEN and not args[0].startswith("-"):
            from runner.pipeline.problems import nearest

            hint = nearest(args[0], VERBS) or "'runner --help' lists them"
            raise UsageError(f"there is no command '{args[0]}' ({hint})")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, verbs in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(verbs.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="shippable-runner", prog_name="runner")
def cli() -> None:
    """Run shippable.yml pipelines on this host."""


def main() -> NoReturn:
    """The console script. Exit: 0 success, 1 a job failed, 2 usage or invalid file, 3 our bug, 130 interrupted."""
    code = _exit_code()
    try:
        sys.stdout.flush()
    except OSError:
        _let_go_of_stdout()
    sys.exit(code)


def _exit_code() -> int:
    try:
        result = cli.main(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except UsageError as error:
        click.echo(f"runner: {error}", err=True)
        return USAGE
    except RunnerError as error:
        click.echo(f"runner: {error}", err=True)
        return FAILED
    except Exception:  # noqa: BLE001 - the edge of the command line
        return _report_bug()
    return result if isinstance(result, int) else SUCCESS


def _let_go_of_stdout() -> None:
    """Nobody reads our output any more: what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_bug() -> int:
    import traceback

    traceback.print_exc()
    click.echo("runner: this is a bug of the runner, not of your pipeline; please report the lines above", err=True)
    return BUG
