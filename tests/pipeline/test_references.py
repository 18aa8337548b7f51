"""Names that nothing defines, and what inputs and outputs mean to each other."""

from __future__ import annotations

import pytest

from tests.pipeline.reading import errors, printed, read_job, read_text, warnings

TASK = "steps:\n  - TASK: {script: x}\n"


def test_an_input_that_nothing_defines_makes_its_job_unusable_and_no_other() -> None:
    reading = read_text("""
        resources:
          - {name: params, type: state}
        jobs:
          - {name: one, type: runSh, steps: [{IN: parms}, {TASK: {script: x}}]}
          - {name: two, type: runSh, steps: [{IN: params}, {TASK: {script: x}}]}
        """)
    assert printed(reading) == [
        "shippable.yml:5:43: job 'one': IN 'parms' does not exist (did you mean 'params'?)",
    ]
    assert reading.inconsistent == {"one"}
    assert not reading.refused
    assert list(reading.pipeline.jobs) == ["one", "two"]


def test_an_output_and_a_notification_that_nothing_defines_are_told_too() -> None:
    reading = read_job(f"{TASK}  - OUT: zzz\nalways: [{{NOTIFY: qqq}}]")[1]
    assert errors(reading) == [
        "shippable.yml:6:14: job 'j': OUT 'zzz' does not exist",
        "shippable.yml:7:23: job 'j': NOTIFY 'qqq' does not exist",
    ]


def test_an_entry_that_cannot_be_read_still_defines_its_name() -> None:
    reading = read_text("""
        resources:
          - {name: r, type: imge}
        jobs:
          - {name: j, type: runSh, steps: [{IN: r}, {TASK: {script: x}}]}
        """)
    assert len(printed(reading)) == 1
    assert reading.refused


def test_numbers_and_quoted_numbers_name_the_same_resource() -> None:
    reading = read_text("""
        resources:
          - {name: 2a, type: state}
        jobs:
          - {name: j, type: runSh, steps: [{IN: '2a'}, {OUT: 2a}, {TASK: {script: x}}]}
        """)
    assert printed(reading) == []


def test_replicate_names_an_input_of_the_same_type() -> None:
    reading = read_job(f"{TASK}  - IN: slack\n  - {{OUT: a, replicate: b}}\n  - {{OUT: b, replicate: slack}}\n")[1]
    assert [line.split("warning: ")[1] for line in warnings(reading)] == [
        "job 'j': replicate 'b' is not an input of this job",
        "job 'j': replicate copies 'slack' of type notification to type params",
    ]


@pytest.mark.parametrize("pin", ["versionName: x", "versionNumber: 2"])
@pytest.mark.parametrize("type_", ["syncRepo", "ciRepo", "gitRepo"])
def test_a_repository_that_has_no_pins_is_not_pinned(type_: str, pin: str) -> None:
    reading = read_text(f"""
        resources:
          - {{name: r, type: {type_}{", pointer: {sourceName: a/b, branch: c}" * (type_ == "gitRepo")}}}
        jobs:
          - {{name: j, type: runSh, steps: [{{IN: r, {pin}}}, {{TASK: {{script: x}}}}]}}
        """)
    sentence = f"shippable.yml:5:41: job 'j': IN 'r' is a {type_}, which cannot be pinned to a version"
    hint = " (pin a gitRepo of the same repository)"
    assert errors(reading) == ([] if type_ == "gitRepo" else [sentence + hint])


def test_an_output_that_is_a_job_is_started_with_a_warning() -> None:
    reading = read_text("""
        jobs:
          - {name: a, type: runSh, steps: [{OUT: b}, {TASK: {script: x}}]}
          - {name: b, type: runSh, steps: [{TASK: {script: x}}]}
        """)
    assert printed(reading) == ["shippable.yml:3:42: warning: job 'a': OUT 'b' is a job: it is started directly"]
