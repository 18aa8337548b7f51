"""Problems for programs: one JSON object a line, and the commands of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from runner.pipeline.problems import Severity, one_line

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.pipeline.problems import Problem

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.INCONSISTENT: "error",
    Severity.WARNING: "warning",
    Severity.HINT: "notice",
}
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def json_lines(problems: Iterable[Problem], sources: Sources) -> Iterator[str]:
    """One object a problem: `column` counts characters from 1, `end_column` is the one behind, null if not known."""
    for problem in problems:
        record = {
            "code": problem.code.value,
            "file": problem.place.file,
            "line": problem.place.line,
            "column": problem.place.column,
            "end_column": sources.end(problem.place),
            "severity": problem.severity.value,
            "subject": problem.subject,
            "message": problem.message,
            "hint": problem.hint,
            "node": problem.node,
        }
        yield json.dumps(record, ensure_ascii=False)


def github_lines(problems: Iterable[Problem], sources: Sources) -> Iterator[str]:
    """Commands that make annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions"""
    for problem in problems:
        place, end = problem.place, sources.end(problem.place)
        properties = {"file": place.file, "line": place.line, "col": place.column}
        properties |= {} if end is None else {"endColumn": end - 1}
        properties |= {"title": problem.code.value}
        written = ",".join(f"{name}={str(value).translate(_IN_PROPERTY)}" for name, value in properties.items())
        yield f"::{_COMMANDS[problem.severity]} {written}::{spoken(problem).translate(_IN_MESSAGE)}"


def spoken(problem: Problem) -> str:
    """The sentence with what was meant, on one line."""
    return one_line(f"{problem.sentence} ({problem.hint})" if problem.hint else problem.sentence)
