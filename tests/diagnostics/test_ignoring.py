"""Comments that leave warnings out."""

from __future__ import annotations

import pytest

from tests.diagnostics.looking import seen

GATE = """
resources:
  - {{name: s, type: params, versionTemplate: {{params: {{A: 1}}}}}}
jobs:
  - name: build{}
    type: runSh
    steps: [{{IN: s, switch: off}}, {{TASK: {{script: make}}}}]
"""


def test_a_warning_of_the_line_is_left_out_whoever_finds_it() -> None:
    assert seen("resources: [{name: a b, type: state}]  # runner: ignore[W202, W205]") == []
    assert seen(GATE.format("")) != []
    assert seen(GATE.format("  # meant so; runner: ignore[W314]")) != []
    assert seen(GATE.format("  # runner: ignore[W314] (a person looks at it first)")) == []


def test_a_note_about_many_jobs_does_not_name_those_whose_line_ignores_it() -> None:
    step = "steps: [{TASK: {script: make}}]"
    assert seen(f"""
        jobs:
          - {{name: a, type: runSh, runtime: {{nodePool: x}}, {step}}}  # runner: ignore[W310]
          - {{name: b, type: runSh, runtime: {{nodePool: x}}, {step}}}
        """) == ["4:37: warning: every job runs on this host, whatever nodePool is named by: b [W310]"]


def test_an_error_is_not_left_out() -> None:
    assert [line[-6:] for line in seen("jobs: [a]  # runner: ignore[E119]")] == ["[E119]"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# runner: ignore[W205]", "1:28: warning: there is no W205 to ignore in this line (take the comment away)"),
        ("# runner: ignore[E301]", "1:28: warning: E301 is an error, and errors are not ignored"),
        ("# runner: ignore[W999]", "1:28: warning: there is no code 'W999'"),
        ("# runner: ignore", "1:11: warning: the comment names no code (write: # runner: ignore[W204])"),
        ("# runner: ignore[]", "1:11: warning: the comment names no code (write: # runner: ignore[W204])"),
    ],
)
def test_a_comment_that_does_nothing_is_a_warning(comment: str, said: str) -> None:
    (line,) = seen(f"jobs: []  {comment}")
    assert line.startswith(said)


@pytest.mark.parametrize("text", ["# runner: ignored", "#runner: ignoring[W1]", "x# runner: ignore[W205]"])
def test_other_comments_are_other_comments(text: str) -> None:
    assert seen(f"jobs: []  {text}" if text.startswith("#") else f"t: '{text}'") == []
