"""`shipctl split_tests`."""

from __future__ import annotations

import pytest

from tests.shipctl.conftest import Answer, Inside, Job

TESTS = ("a_test.js", "b_test.js", "deep/c_test.js", "deep/no.js", "z $(touch pwned)_test.js")


@pytest.fixture
def tests(job: Job) -> Job:
    for name in TESTS:
        job.write(f"tests/{name}", "")
    job.write("tests/dir_test.js/x", "")
    return job


def _report(job: Job, name: str, *suites: str) -> None:
    job.write(f"reports/{name}", f"<testsuites>{''.join(f'<testsuite {suite}/>' for suite in suites)}</testsuites>")


def _split(inside: Inside, number: int = 1, count: int = 1) -> list[str]:
    environ = {"SHIPPABLE_JOB_NUMBER": str(number), "SHIPPABLE_JOB_COUNT": str(count)}
    answer = inside("split_tests", "tests", "*_test.js", "reports", **environ)
    assert (answer.status, answer.err) == (0, "")
    return answer.out.splitlines()


ALL = ["tests/a_test.js", "tests/b_test.js", "tests/z $(touch pwned)_test.js", "tests/deep/c_test.js"]


def test_without_reports_all_files_are_listed(tests: Job, inside: Inside) -> None:
    assert _split(inside) == ALL
    assert not (tests.root / "pwned").exists()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_test_is_on_one_node(tests: Job, inside: Inside, count: int) -> None:
    parts = [_split(inside, number, count) for number in range(1, count + 1)]
    assert sorted(test for part in parts for test in part) == sorted(ALL)
    assert parts[0] == ALL[::count]


def test_known_tests_come_first_the_quickest_first_as_the_report_names_them(tests: Job, inside: Inside) -> None:
    _report(tests, "one.xml", 'filepath="/ci/tests/b_test.js" time="2.5"')
    _report(tests, "deep/two.xml", 'filepath="/ci/tests/a_test.js" time="10"', 'filepath="/gone_test.js" time="1"')
    _report(tests, "three.xml", 'filepath="/ci/tests/deep/c_test.js" time="?"', 'name="no file"')
    expected = ["/ci/tests/deep/c_test.js", "/ci/tests/b_test.js", "/ci/tests/a_test.js"]
    assert _split(inside) == [*expected, "tests/z $(touch pwned)_test.js"]


def test_a_file_with_several_suites_counts_with_all_of_them(tests: Job, inside: Inside) -> None:
    _report(tests, "one.xml", 'filepath="tests/a_test.js" time="3"', 'filepath="tests/a_test.js" time="3"')
    _report(tests, "two.xml", 'filepath="tests/b_test.js" time="5"')
    assert _split(inside)[:2] == ["tests/b_test.js", "tests/a_test.js"]


def test_a_broken_report_is_named_and_left_out(tests: Job, inside: Inside) -> None:
    tests.write("reports/bad.xml", "<testsuites>")
    answer = inside("split_tests", "tests", "a*", "reports")
    assert (answer.status, answer.out) == (0, "tests/a_test.js\n")
    assert answer.err.startswith("shipctl split_tests: the report reports/bad.xml cannot be read: ")


def test_one_file_may_be_the_place(tests: Job, inside: Inside) -> None:
    assert inside("split_tests", "tests/a_test.js", "*.js", "reports") == Answer(0, "tests/a_test.js\n")


def test_a_node_beyond_the_tests_gets_none(tests: Job, inside: Inside) -> None:
    assert _split(inside, 9, 9) == []


def test_a_missing_place_is_no_success(inside: Inside) -> None:
    answer = inside("split_tests", "no/where", "*", "reports")
    assert answer == Answer(1, "", "shipctl split_tests: no/where: No such file or directory\n")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1;id"])
def test_a_node_number_that_is_none_is_refused(tests: Job, inside: Inside, number: str) -> None:
    answer = inside("split_tests", "tests", "*", "reports", SHIPPABLE_JOB_NUMBER=number)
    assert answer == Answer(99, f"shipctl: SHIPPABLE_JOB_NUMBER is '{number}', not a number from 1 on\n")
