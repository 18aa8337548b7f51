"""`runner encrypt`"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from runner.cli.options import PATH
from runner.errors import UsageError
from runner.names import can_be_set, is_variable
from runner.pipeline.problems import one_line
from runner.pipeline.sealed import SECURE
from runner.service.settings_places import keys_directory

MOST_BYTES = 1 << 20
"""Of all variables of one text."""


@click.command("encrypt")
@click.argument("variables", nargs=-1, metavar="[KEY=VALUE|KEY]...")
@click.option(
    "--public-key",
    type=PATH,
    envvar="RUNNER_PUBLIC_KEY",
    metavar="FILE",
    help="The key of whoever is to decrypt; default: the one that 'runner secrets keygen' has made here.",
)
def command(variables: tuple[str, ...], public_key: Path | None) -> None:
    """Encrypt variables, and print the line that stands for them in a pipeline file.

    It goes into params, into env of a TASK or of the CI part, and into key-value pairs. A KEY alone is asked for, or
    is all of standard input, so that the value stays out of the history and the list of processes. Without arguments
    every line of standard input is KEY=VALUE. Values are taken as they are: no quotes, no $.
    """
    from runner.sealing.box import seal
    from runner.sealing.key_files import only_public, read_public

    public = read_public(public_key or only_public(keys_directory(os.environ)))
    pairs = _pairs(variables) if variables else _lines(_standard_input())
    click.echo(f"{SECURE}: {seal(public, _checked(pairs))}")


def _checked(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Raises UsageError."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if not is_variable(name):
            raise UsageError(
                f"'{one_line(name[:60])}' cannot be the name of a variable: it has letters, digits and '_', and begins"
                " with no digit"
            )
        if not can_be_set(name):
            raise UsageError(f"{name} belongs to bash, which does not take a value for it: choose another name")
        if name in found:
            raise UsageError(f"{name} is given twice: only one of them can count")
        if "\0" in value:
            raise UsageError(f"the value of {name} holds a NUL character, which no variable can")
        found[name] = value
    if sum(len(value) for value in found.values()) > MOST_BYTES:
        raise UsageError("the values are larger than 1 MiB, which no variable can hold")
    return found


def _pairs(arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of the command line. Raises UsageError."""
    alone = [argument for argument in arguments if "=" not in argument]
    if len(alone) > 1 and not _is_terminal():
        raise UsageError(
            f"{' and '.join(alone)} cannot all be standard input: give one KEY alone, or lines of KEY=VALUE"
        )
    for argument in arguments:
        name, separator, value = argument.partition("=")
        if separator:
            _doubt(name, value)
        yield name, value if separator else _asked(name)


def _asked(name: str) -> str:
    """Raises UsageError where nothing comes: a program before a pipe that failed must not become an empty password."""
    if not is_variable(name):
        return ""  # refused by whoever checks the names, before anybody is asked
    if _is_terminal():
        value: str = click.prompt(name, hide_input=True, default="", show_default=False, err=True)
    else:
        text = _standard_input()
        value = text.removesuffix("\r\n" if text.endswith("\r\n") else "\n")
    if not value:
        raise UsageError(f"nothing was given for {name}: where it is meant to be empty, say {name}=")
    return value


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Of standard input; empty lines mean nothing. Raises UsageError."""
    lines = [(number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise UsageError("there is nothing to encrypt: give KEY=VALUE, or KEY alone to be asked for it")
    for number, line in lines:
        name, separator, value = line.partition("=")
        if not separator:
            raise UsageError(f"line {number} of standard input is not KEY=VALUE")
        _doubt(name, value)
        yield name, value


def _standard_input() -> str:
    """Raises UsageError where it is a terminal, or no text."""
    if _is_terminal():
        raise UsageError("there is nothing to encrypt: give KEY=VALUE, or KEY alone to be asked for it")
    content = sys.stdin.buffer.read(MOST_BYTES + 1) if sys.stdin else b""
    if len(content) > MOST_BYTES:
        raise UsageError("standard input is larger than 1 MiB, which no variable can hold")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text: byte {error.start}") from None


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # it may be closed


def _doubt(name: str, value: str) -> None:
    """Say what people may not have meant who know the platform's page, where one text held all variables."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        click.echo(f"note: the quotes around the value of {one_line(name)} are a part of it", err=True)
    elif any(is_variable(word.partition("=")[0]) and "=" in word for word in value.split()[1:]):
        click.echo(
            f"note: the value of {one_line(name)} holds a '=': several variables are several arguments", err=True
        )
