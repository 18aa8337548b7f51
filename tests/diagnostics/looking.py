"""What the tests of this room look with: a text in, what a close look says of it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from runner.diagnostics.diagnose import Subject, diagnose
from runner.integrations.model import Integration
from runner.integrations.sources import read_integrations
from runner.pipeline.problems import Problem
from runner.pipeline.reader import SourceFile, read
from runner.workspace.variables import platform_names

NAME = "shippable.yml"
HUB = "- {name: hub, type: github, token: t, url: u}\n"


def look(
    text: str, *, integrations: Mapping[str, Integration] | None = None, shell: bool = False
) -> tuple[Problem, ...]:
    """All problems of one file (a common indentation is taken off); scripts only with `shell`."""
    files = [SourceFile(NAME, dedent(text))]
    reading = read(files)
    subject = Subject(
        pipeline=reading.pipeline,
        files=files,
        integrations=integrations or {},
        problems=reading.problems,
        ci=reading.ci,
        ignored=reading.ignored,
    )
    return diagnose(subject, platform_names(), shell=shell)


def seen(text: str, *, integrations: Mapping[str, Integration] | None = None, shell: bool = False) -> list[str]:
    """The same, printed, without the name of the file."""
    return [str(problem).removeprefix(f"{NAME}:") for problem in look(text, integrations=integrations, shell=shell)]


def codes(text: str) -> list[str]:
    return [problem.code for problem in look(text)]


def integrations_of(directory: Path, text: str) -> Mapping[str, Integration]:
    path = directory / "integrations.yml"
    path.touch(0o600)
    path.write_text(text)
    return read_integrations(path).integrations
