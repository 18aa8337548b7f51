"""Whether the schema and the reader say the same of a file: the tests of the reader ask it of every file they read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from runner.pipeline.ci.keys import CI_KEYS
from runner.pipeline.codes import Code
from runner.pipeline.model import Reading
from runner.pipeline.nodes import data
from runner.pipeline.plain import plain
from runner.pipeline.problems import Problem, Severity
from runner.pipeline.reader import SourceFile
from runner.pipeline.sections import is_templates, sections_of
from runner.pipeline.source import compose
from runner.reference.schema import schema_of

BEYOND = frozenset(
    {
        Code.MISSPELT_SECTION,  # other top keys are free
        Code.DUPLICATE_NAME,  # no schema compares entries
        Code.NOT_A_NOTIFICATION,
        Code.NOT_PINNABLE,  # the type of another entry
        Code.WRONG_CRON,  # a schema counts the fields, the clock reads them
        Code.WRONG_SECURE,  # a schema sees its letters
        Code.WRONG_VARIABLES,  # texts of bash
        Code.LARGE_MATRIX,  # the product of what stands in several places
        Code.NOT_A_VARIABLE,  # of texts in `env`: a schema sees that there is a "=" or a ":"
        Code.UNDEFINED_ALIAS,  # these are of YAML
        Code.ALIAS_IN_ITSELF,
        Code.NOT_YAML,
        Code.CONTROL_CHARACTER,
        Code.TOO_DEEP,
        Code.TOO_MANY_ALIASES,
        Code.UNKNOWN_TAG,
        Code.KEY_NOT_TEXT,
        Code.DUPLICATE_KEY,
        Code.WRONG_MERGE,
        Code.SECOND_DOCUMENT,
    }
)
"""The errors that JSON Schema cannot say."""
ONLY_STRICT = frozenset({Code.MISSPELT_KEY, Code.UNKNOWN_KEY, Code.UNKNOWN_CONTENT})
"""What only the strict schema refuses."""


@cache
def validator(*, strict: bool = False) -> Any:
    schema = schema_of(strict=strict)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def refusals(instance: object, *, strict: bool = False) -> list[str]:
    """What the schema has against a file's content."""
    return [f"{error.json_path}: {error.message[:300]}" for error in validator(strict=strict).iter_errors(instance)]


def agreeing(files: Sequence[SourceFile], reading: Reading) -> Reading:
    """The reading, of which the schema says the same."""
    if len(files) == 1 and not is_templates(files[0].name) and len(sections_of(files[0].name)) == 3:
        root = compose(files[0].name, files[0].text).root
        if root is not None:
            _compare(_counted(plain(data(root)), files[0]), reading)
    return reading


def _of_top(problem: Problem) -> bool:
    """A misspelt key at the top, where other keys are free."""
    return problem.code is Code.MISSPELT_KEY and "." not in problem.subject


def _counted(instance: object, file: SourceFile) -> object:
    """Without the CI part where none counts: the schema knows no names of files."""
    if file.has_ci or not isinstance(instance, dict):
        return instance
    return {key: value for key, value in instance.items() if key not in CI_KEYS}


def _compare(instance: object, reading: Reading) -> None:
    problems = [*reading.problems, *(reading.ci.problems if reading.ci else ())]
    errors = {problem.code for problem in problems if problem.severity is Severity.ERROR and not _of_top(problem)}
    codes = {problem.code for problem in problems}
    if any(map(_of_top, problems)) and not errors:
        return
    if not errors:
        assert refusals(instance) == []
        if not codes & ONLY_STRICT and not reading.ignored:
            assert refusals(instance, strict=True) == []
    elif not errors & (BEYOND | ONLY_STRICT):
        assert refusals(instance)
    elif not errors & BEYOND:
        assert refusals(instance, strict=True)
