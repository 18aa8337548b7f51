"""`shipctl bump_version`."""

from __future__ import annotations

import pytest

from tests.shipctl.conftest import Answer, Job

ROWS = [
    ("1.2.3", "major", "2.0.0"),
    ("1.2.3", "minor", "1.3.0"),
    ("1.2.3", "patch", "1.2.4"),
    ("v1.2.3", "minor", "v1.3.0"),
    ("1.2.3", "alpha", "1.2.3-alpha"),
    ("1.2.3-alpha", "alpha", "1.2.3-alpha.1"),
    ("1.2.3-alpha.1", "alpha", "1.2.3-alpha.2"),
    ("1.2.3-alpha.1", "beta", "1.2.3-beta"),
    ("v1.2.3-rc.9", "rc", "v1.2.3-rc.10"),
    ("v1.2.3-rc.9", "final", "v1.2.3"),
    ("v1.2.3-rc.5", "major", "v2.0.0"),
    ("1.2.3-rc", "patch", "1.2.4"),
    ("1.2.3-rc1", "rc", "1.2.3-rc.1"),
    ("1.2.3.4", "patch", "1.2.4"),
    ("01.2.3", "patch", "01.2.4"),
    ("1.09.3", "minor", "1.10.0"),
    ("1.2.08", "patch", "1.2.9"),
    ("1.2.3-rc.08", "rc", "1.2.3-rc.9"),
    ("1.2.3", "final", "1.2.3"),
    ("1.2.3-alpha-x", "alpha", "1.2.3-alpha.1"),
]


@pytest.mark.parametrize(("version", "action", "expected"), ROWS)
def test_a_version_is_bumped(job: Job, version: str, action: str, expected: str) -> None:
    assert job.shipctl("bump_version", version, action) == Answer(0, f"{expected}\n")


@pytest.mark.parametrize("version", ["1.2", "1", "1.2.3+b", "", "a.b.c", "1..3", "1.2.3 ", "vv1.2.3", "1.2.٣"])
def test_what_is_no_version_is_refused_on_standard_error(job: Job, version: str) -> None:
    expected = Answer(99, "", "error: Invalid semantics given in the argument.\n")
    assert job.shipctl("bump_version", version, "minor") == expected


@pytest.mark.parametrize("call", [[], ["1.2.3"], ["1.2.3", "huge"], ["1.2.3", ""], ["1.2", "huge"]])
def test_what_is_no_action_is_refused_on_standard_error(job: Job, call: list[str]) -> None:
    assert job.shipctl("bump_version", *call) == Answer(99, "", "error: Invalid action given in the argument.\n")
