"""Problems as SARIF 2.1.0, which code hosts and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from runner.diagnostics.formats import spoken
from runner.pipeline.problems import Severity

if TYPE_CHECKING:
    from runner.diagnostics.sources import Sources
    from runner.pipeline.codes import Code
    from runner.pipeline.problems import Place, Problem

_Json: TypeAlias = "str | int | list[_Json] | dict[str, _Json]"

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.INCONSISTENT: "error",
    Severity.WARNING: "warning",
    Severity.HINT: "note",
}


def sarif(problems: Sequence[Problem], sources: Sources, version: str) -> str:
    """One log with one run of this `version` of the runner; only codes that are told are among its rules."""
    codes = sorted({problem.code for problem in problems})
    index = {code: number for number, code in enumerate(codes)}
    driver: dict[str, _Json] = {
        "name": "shippable-runner",
        "version": version,
        "rules": [_rule(code) for code in codes],
    }
    run: dict[str, _Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, index[problem.code], sources) for problem in problems],
    }
    log: dict[str, _Json] = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2)


def _rule(code: Code) -> dict[str, _Json]:
    return {
        "id": code.value,
        "name": "".join(word.capitalize() for word in code.name.split("_")),
        "shortDescription": {"text": code.meaning},
    }


def _result(problem: Problem, rule: int, sources: Sources) -> dict[str, _Json]:
    place, end = problem.place, sources.end(problem.place)
    region: dict[str, _Json] = {"startLine": place.line, "startColumn": place.column}
    region |= {} if end is None else {"endColumn": end}
    location: dict[str, _Json] = {"artifactLocation": {"uri": _uri(place)}, "region": region}
    return {
        "ruleId": problem.code.value,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": spoken(problem)},
        "locations": [{"physicalLocation": location}],
    }


def _uri(place: Place) -> str:
    """Relative to where the command was called, unless the file was named from the root."""
    path = Path(place.file)
    encoded = quote(path.as_posix().encode(errors="surrogateescape"))
    return f"file://{encoded}" if path.is_absolute() else encoded
