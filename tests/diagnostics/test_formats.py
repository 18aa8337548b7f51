"""Problems as people and programs get them."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from runner.diagnostics.excerpts import Paint, excerpt
from runner.diagnostics.formats import github_lines, json_lines
from runner.diagnostics.sarif import sarif
from runner.diagnostics.sources import Sources
from runner.pipeline.codes import Code
from runner.pipeline.problems import Place, Problem, Severity
from runner.pipeline.reader import SourceFile

COLOURLESS = Paint(False)


def problem(
    line: int,
    column: int,
    severity: Severity = Severity.ERROR,
    *,
    file: str = "f.yml",
    message: str = "is wrong",
    subject: str = "jobs[0]",
    hint: str = "did you mean 'b'?",
) -> Problem:
    code = Code.WRONG_VALUE if severity is Severity.ERROR else Code.UNKNOWN_KEY
    place = Place(file, line, column)
    return Problem(code=code, place=place, severity=severity, message=message, subject=subject, hint=hint)


def shown(text: str, line: int, column: int) -> list[str]:
    """The excerpt below its first line."""
    return list(excerpt(problem(line, column), Sources([SourceFile("f.yml", text)]), COLOURLESS))[1:]


def marked(text: str, line: int = 1, column: int = 1) -> str:
    """What is underlined, as it stands in the line that is shown."""
    _, above, below = shown(text, line, column)
    start = below.index("^")
    return above[start : start + below.count("^")]


def test_an_excerpt_shows_the_line_and_what_was_meant() -> None:
    lines = list(excerpt(problem(2, 9), Sources([SourceFile("f.yml", "a:\n  type: runSsh # c\n")]), COLOURLESS))
    assert lines == [
        "f.yml:2:9: error[E116]: jobs[0]: is wrong",
        "  |",
        "2 |   type: runSsh # c",
        "  |         ^^^^^^ did you mean 'b'?",
    ]


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("a b: c", 1, "a b"), ("a: b c # d", 4, "b c"), ("a: http://x:1", 4, "http://x:1"), ("[a, b]", 5, "b"),
        ("{a: b c, d: e}", 5, "b c"), ("a: 'x ''y'' z' # c", 4, "'x ''y'' z'"), ('a: "x \\" y"', 4, '"x \\" y"'),
        ("a: 'open", 4, "'open"), ("a: |2- # c", 4, "|2-"), ("a: *name # c", 4, "*name"), ("a: [b]", 4, "["),
        ("a: $B/c", 4, "$B"), ("a: ${B:-c}", 4, "${B"), ("a: ", 4, ""), ("a:", 2, ":"),
    ],
)  # fmt: skip
def test_what_a_problem_is_about_is_underlined(text: str, column: int, value: str) -> None:
    assert marked(text, 1, column) == value


def test_wide_signs_tabs_and_control_characters_keep_the_underline_in_its_place() -> None:
    assert shown("名: \tx: y\x1b", 1, 5)[1:] == ["1 | 名:  x: y\ufffd", "  |      ^ did you mean 'b'?"]


def test_of_a_long_line_the_part_around_the_problem_is_shown() -> None:
    text = "a: [" + "word, " * 100_000 + "bad, " + "word, " * 100_000
    _, above, below = shown(text, 1, 4 + 600_000 + 1)
    assert len(above) < 140
    assert above.startswith("1 | …rd, word")
    assert above.endswith("…")
    assert above[below.index("^") :].startswith("bad,")


def test_a_file_that_is_not_shown_has_the_hint_beside_the_sentence() -> None:
    secret = problem(1, 1, file="integrations.yml")
    assert list(excerpt(secret, Sources([]), COLOURLESS)) == [
        "integrations.yml:1:1: error[E116]: jobs[0]: is wrong (did you mean 'b'?)"
    ]


def test_colours_are_there_when_they_are_asked_for() -> None:
    lines = list(excerpt(problem(1, 1), Sources([SourceFile("f.yml", "a: b")]), Paint(True)))
    assert "\033[1;31merror[E116]\033[0m" in lines[0]
    assert lines[3].endswith("\033[1;31m^ did you mean 'b'?\033[0m")


@pytest.mark.parametrize("text", ["a: b", "", "a\r\nb\r\n", "\ufeffa: b"])
def test_a_place_without_a_line_is_no_trouble(text: str) -> None:
    sources = Sources([SourceFile("f.yml", text)])
    for line in range(1, 5):
        for column in range(1, 9):
            assert list(excerpt(problem(line, column), sources, COLOURLESS))
            assert list(json_lines([problem(line, column)], sources))


def test_json_is_one_object_a_line() -> None:
    (line,) = json_lines([problem(1, 4, message="ümlaut\nbreak")], Sources([SourceFile("f.yml", "a: bcd")]))
    assert json.loads(line) == {
        "code": "E116", "file": "f.yml", "line": 1, "column": 4, "end_column": 7, "severity": "error",
        "subject": "jobs[0]", "message": "ümlaut\nbreak", "hint": "did you mean 'b'?", "node": None,
    }  # fmt: skip


def test_github_commands_are_escaped() -> None:
    found = problem(1, 1, Severity.WARNING, file="a,b:c%d.yml", message="50% :: of\nit", hint="")
    hint = problem(1, 4, Severity.HINT, message="x", subject="", hint="")
    assert list(github_lines([found, hint], Sources([SourceFile("f.yml", "a: bcd")]))) == [
        "::warning file=a%2Cb%3Ac%25d.yml,line=1,col=1,title=W106::jobs[0]: 50%25 :: of\\nit",
        "::notice file=f.yml,line=1,col=4,endColumn=6,title=W106::x",
    ]


def test_sarif_has_what_the_standard_asks_for() -> None:
    found = [problem(1, 4), problem(2, 1, Severity.HINT), problem(3, 1, Severity.WARNING, file="/a b/ü.yml")]
    log = json.loads(sarif(found, Sources([SourceFile("f.yml", "a: bcd")]), "1.2.3"))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    assert run["tool"]["driver"]["version"] == "1.2.3"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E116", "W106"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == ["error", "note", "warning"]
    assert run["results"][0]["message"] == {"text": "jobs[0]: is wrong (did you mean 'b'?)"}
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert places[0]["region"] == {"startLine": 1, "startColumn": 4, "endColumn": 7}
    assert unquote(places[2]["artifactLocation"]["uri"]) == "file:///a b/ü.yml"


def test_a_log_without_problems_is_a_log() -> None:
    assert json.loads(sarif([], Sources([]), "1"))["runs"][0]["results"] == []
