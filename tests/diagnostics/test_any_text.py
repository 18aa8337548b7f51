"""Whatever text comes in: a close look ends, and what it says can be shown in every format."""

from __future__ import annotations

import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.diagnostics.diagnose import Subject, diagnose
from runner.diagnostics.excerpts import Paint, excerpt
from runner.diagnostics.formats import github_lines, json_lines
from runner.diagnostics.sarif import sarif
from runner.diagnostics.sources import Sources
from runner.pipeline.ignores import LINE_BREAK
from runner.pipeline.reader import SourceFile, read
from tests.pipeline.test_any_text import PIECES, file

MORE = [
    "# runner: ignore[W205]", " # runner: ignore[", "# runner: ignore[E1,,W202 x]", "$R_STATE", "jobs:\n  - name: a\n",
    "resources:\n  - name: r\n    type: params\n", "    type: runSh\n    steps:\n", "      - TASK: {script: ", "fi}\n",
    "$A_INTEGRATION_X", "- IN: r\n", "applyTo: [", "\u2028", "\x85", "名",
]  # fmt: skip
many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(text: str, *, shell: bool = False) -> None:
    """Look, show, and see that every place is in the file."""
    files = [SourceFile("shippable.yml", text)]
    reading = read(files)
    subject = Subject(pipeline=reading.pipeline, files=files, problems=reading.problems, ignored=reading.ignored)
    problems, sources = diagnose(subject, frozenset(), shell=shell), Sources(files)
    lines = LINE_BREAK.split(text)
    for problem in problems:
        assert 1 <= problem.place.line <= len(lines) + 1
        line = lines[problem.place.line - 1] if problem.place.line <= len(lines) else ""
        assert 1 <= problem.place.column <= len(line) + 2
        assert problem.severity.broken is problem.code.startswith("E")
        assert "\n" not in "".join(excerpt(problem, sources, Paint(False)))
    assert len([json.loads(line) for line in json_lines(problems, sources)]) == len(problems)
    assert not any("\n" in line for line in github_lines(problems, sources))
    json.loads(sarif(problems, sources, "1"))


@many
@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    check(text)


@many
@given(st.lists(st.sampled_from([*PIECES, *MORE]), max_size=60).map("".join))
def test_any_heap_of_pieces_is_looked_at(text: str) -> None:
    check(text)


@settings(many, max_examples=15)
@given(file)
def test_any_pipeline_is_looked_at(content: object) -> None:
    check(yaml.safe_dump(content, sort_keys=False))


@settings(many, max_examples=8)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.sampled_from("'|>p"))
def test_any_script_is_parsed_and_told_where_it_stands(script: str, style: str) -> None:
    content = {"jobs": [{"name": "a", "type": "runSh", "steps": [{"TASK": {"script": [script, "fi"]}}]}]}
    check(yaml.safe_dump(content, sort_keys=False, default_style=None if style == "p" else style), shell=True)
