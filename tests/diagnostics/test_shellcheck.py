"""shellcheck where it is installed: a stand-in that answers as it does, for hosts that have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import SetupError
from tests.diagnostics.looking import seen

TEXT = """
jobs:
  - name: build
    type: runSh
    steps:
      - TASK:
          script:
            - cd src
            - |
              export now=$(date)
              echo `date`
"""


def install(directory: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int = 1) -> Path:
    """A shellcheck that keeps its arguments and the script it is given."""
    program = directory / "shellcheck"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {directory}/arguments\ncat 0 > {directory}/script\n'
        f"cat <<'END'\n{answer}\nEND\nexit {status}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return directory


def comment(level: str, line: int, column: int, code: int) -> dict[str, str | int | None]:
    return {
        "file": "0", "line": line, "endLine": line, "column": column, "endColumn": column + 1, "level": level,
        "code": code, "message": f"said at {level}", "fix": None,
    }  # fmt: skip


def test_findings_stand_at_their_place_in_the_file_each_by_its_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [("error", 1, 1), ("warning", 2, 8), ("info", 3, 1), ("style", 3, 6)]
    answer = json.dumps({"comments": [comment(level, line, column, 2000) for level, line, column in told]})
    install(tmp_path, monkeypatch, answer)
    assert seen(TEXT, shell=True) == [
        "8:15: warning: job 'build': SC2000: said at error [W901]",
        "10:22: warning: job 'build': SC2000: said at warning [W902]",
        "11:15: hint: job 'build': SC2000: said at info [W903]",
        "11:20: hint: job 'build': SC2000: said at style [W904]",
    ]
    assert (tmp_path / "script").read_text() == "cd src\nexport now=$(date)\necho `date`\n\n"
    assert "--format=json1" in (tmp_path / "arguments").read_text()


def test_scripts_that_bash_does_not_take_are_not_given_to_shellcheck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "not called")
    assert [line[-6:] for line in seen(TEXT.replace("cd src", "fi"), shell=True)] == ["[E311]"]


def test_a_comment_for_shellcheck_is_no_useless_one_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert seen("jobs: []  # runner: ignore[W902]") == []


@pytest.mark.parametrize(("answer", "status"), [("no", 0), ("[]", 1), ("", 4)])
def test_an_answer_that_is_none_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    install(tmp_path, monkeypatch, answer, status)
    with pytest.raises(SetupError, match="--no-shell"):
        seen(TEXT, shell=True)


def test_ci_and_post_ci_are_looked_at_as_the_one_script_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = install(tmp_path, monkeypatch, json.dumps({"comments": [comment("warning", 2, 6, 2006)]}))
    text = "language: none\nbuild:\n  ci: [cd src]\n  post_ci: ['echo `date`']\n"
    assert seen(text, shell=True) == ["4:19: warning: build: SC2006: said at warning [W902]"]
    assert (there / "script").read_text() == "cd src\necho `date`\n"
