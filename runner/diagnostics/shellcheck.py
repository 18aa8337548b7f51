"""What shellcheck finds in scripts, where it is installed: one call for all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runner.diagnostics.scripts import Script, place_in
from runner.errors import SetupError
from runner.pipeline.codes import Code
from runner.pipeline.problems import Place, Problem, Severity

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources

LIMIT = timedelta(seconds=300)
_UNTRUE_HERE = "SC1090,SC1091,SC2034,SC2154,SC2164"
"""Sourced files and variables come from the runner and go to hooks, and a failing command ends a script here."""
_LEVELS = {
    "error": (Code.SHELLCHECK_ERROR, Severity.WARNING),
    "warning": (Code.SHELLCHECK_WARNING, Severity.WARNING),
    "info": (Code.SHELLCHECK_INFO, Severity.HINT),
    "style": (Code.SHELLCHECK_STYLE, Severity.HINT),
}


def find_shellcheck() -> str | None:
    return shutil.which("shellcheck")


def findings(program: str, scripts: Sequence[Script], sources: Sources) -> Iterator[Problem]:
    """Every finding at its place. Raises SetupError where the program does not answer as it should."""
    distinct = list({script.items: script for script in scripts}.values())
    if not distinct:
        return
    with tempfile.TemporaryDirectory() as directory:
        for number, script in enumerate(distinct):
            text = "".join(f"{item.text}\n" for item in script.items)
            Path(directory, str(number)).write_text(text, "utf-8")
        answer = _run(program, directory, len(distinct))
    try:
        for comment in json.loads(answer)["comments"]:
            yield _problem(comment, distinct[int(comment["file"])], sources)
    except (ValueError, LookupError, TypeError) as error:
        raise SetupError(f"{program} gave an answer that is not its json1 format (--no-shell leaves it out)") from error


def _run(program: str, directory: str, count: int) -> bytes:
    names = [str(number) for number in range(count)]
    command = [program, "--norc", "--shell=bash", "--format=json1", f"--exclude={_UNTRUE_HERE}", *names]
    try:
        done = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=LIMIT.total_seconds(),
        )  # fmt: skip
    except OSError as error:
        raise SetupError(f"{program} cannot be started: {error.strerror} (--no-shell leaves it out)") from error
    except subprocess.TimeoutExpired:
        limit = f"{LIMIT.total_seconds():g} s"
        raise SetupError(f"{program} did not answer within {limit} (--no-shell leaves it out)") from None
    if done.returncode > 1:
        said = " ".join(done.stderr.decode(errors="replace").split())[:400]
        raise SetupError(f"{program} failed: {said} (--no-shell leaves it out)")
    return done.stdout


def _problem(comment: dict[str, int | str], script: Script, sources: Sources) -> Problem:
    code, severity = _LEVELS[str(comment["level"])]
    place = _place(script, int(comment["line"]), int(comment["column"]), sources)
    message = f"SC{comment['code']}: {comment['message']}"
    return Problem(code=code, place=place, severity=severity, message=f"{script.of}: {message}")


def _place(script: Script, line: int, column: int, sources: Sources) -> Place:
    """Where a line of the joined entries stands in the file."""
    for item in script.items:
        lines = item.text.count("\n") + 1
        if line <= lines:
            return place_in(item, line, column, sources)
        line -= lines
    return script.items[-1].place
