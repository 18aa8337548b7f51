"""The sections of a CI build in a real shell: what is run after what, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ci.sections import Sections, groups

CASES: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "all sections of a build that passes": (
        {"pre_ci": ("echo p",), "ci": ("echo c",), "post_ci": ("echo o",)}, "success", ["p", "c", "o", "S", "A"]),
    "nothing at all": ({}, "success", ["S", "A"]),
    "cd, export, functions and variables of ci are there in post_ci and in the hooks": (
        {"ci": ("mkdir d; cd d", "export E=1; V=2", "f() { echo f; }"), "post_ci": ("basename $PWD; echo $E$V; f",),
         "on_success": ("basename $PWD; echo $E$V; f",)}, "success", ["d", "12", "f", "d", "12", "f", "A"]),
    "variables of pre_ci are lost": (
        {"pre_ci": ("X=1", "cd /"), "ci": ('echo "<$X>" $(basename "$PWD")',)}, "success", ["<> repo", "S", "A"]),
    "a failing command ends ci, and post_ci is skipped": (
        {"ci": ("echo a", "(exit 3)", "echo never"), "post_ci": ("echo o",)}, "failure", ["a", "F", "A"]),
    "a failing line in the middle of an entry": (
        {"ci": ("echo a\nfalse\necho never",)}, "failure", ["a", "F", "A"]),
    "a failing post_ci": ({"ci": ("echo c",), "post_ci": ("false",)}, "failure", ["c", "F", "A"]),
    "a failing pre_ci": ({"pre_ci": ("false",), "ci": ("echo never",)}, "failure", ["F", "A"]),
    "exit 0 in ci ends ci with success, and post_ci runs": (
        {"ci": ("V=1", "exit 0", "echo never"), "post_ci": ("echo o$V",)}, "success", ["o1", "S", "A"]),
    "exit 0 in ci and a failing post_ci": (
        {"ci": ("exit 0",), "post_ci": ("echo o\nfalse\necho never",)}, "failure", ["o", "F", "A"]),
    "exit 0 in ci and in post_ci": (
        {"ci": ("exit 0",), "post_ci": ("exit 0", "echo never")}, "success", ["S", "A"]),
    "exit 0 in pre_ci": ({"pre_ci": ("exit 0", "echo never"), "ci": ("echo c",)}, "success", ["c", "S", "A"]),
    "exit 4 in ci": ({"ci": ("exit 4",), "post_ci": ("echo never",)}, "failure", ["F", "A"]),
    "return 0 ends one entry only": ({"ci": ("return 0; echo never", "echo b")}, "success", ["b", "S", "A"]),
    "exit 0 in a hook ends that hook": (
        {"on_success": ("echo s", "exit 0", "echo never")}, "success", ["s", "A"]),
    "a failing on_success fails the build, and always runs": (
        {"on_success": ("false", "echo never")}, "failure", ["A"]),
    "a failing always fails the build": ({"always": ("echo a\nfalse\necho never",)}, "failure", ["S", "a"]),
    "set -e and a condition": ({"ci": ("set -e", "if false; then :; fi", "false || echo b")}, "success",
                               ["b", "S", "A"]),
    "an EXIT trap of its own": ({"ci": ("trap 'echo t' EXIT",), "post_ci": ("echo o",)}, "success", ["o", "S", "A"]),
    "tracing": ({"ci": ("set +x", "exit 0")}, "success", ["S", "A"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_sections_run_as_the_rules_say(case: str, tmp_path: Path) -> None:
    given, status, lines = CASES[case]
    ran = await Sections(place=tmp_path, **given).run()
    assert (ran.result.status, ran.lines) == (status, lines)


@pytest.mark.parametrize(
    ("given", "reason", "code"),
    [
        ({"ci": ("exit 3",)}, "task 'ci' failed: exit status 3", 3),
        ({"post_ci": ("exit 4",)}, "task 'post_ci' failed: exit status 4", 4),
        ({"ci": ("exit 0",), "post_ci": ("exit 4",)}, "task 'post_ci' failed: exit status 4", 4),
        ({"pre_ci": ("exit 5",)}, "task 'pre_ci' failed: exit status 5", 5),
        ({"on_success": ("exit 6",), "always": ("exit 7",)}, "task 'on_success' failed: exit status 6", 6),
        ({"always": ("exit 7",)}, "task 'always' failed: exit status 7", 7),
        ({"ci": ("exit 3",), "on_failure": ("exit 8",)}, "task 'ci' failed: exit status 3", 3),
        ({"post_ci": ("kill -9 $$",)}, "task 'post_ci' failed: killed by signal 9", None),
    ],
)
async def test_the_reason_names_the_section(given: Any, reason: str, code: int | None, tmp_path: Path) -> None:
    ran = await Sections(place=tmp_path, **given).run()
    assert (ran.result.reason, ran.result.exit_code) == (reason, code)


async def test_each_section_is_a_group_of_the_log(tmp_path: Path) -> None:
    ran = await Sections(place=tmp_path, pre_ci=("true",), ci=("true",), post_ci=("exit 2",)).run()
    assert groups(ran) == [("pre_ci", 0), ("ci", 0), ("post_ci", 2), ("on_failure", 0), ("always", 0)]


async def test_variables_are_evaluated_in_order_by_the_shell(tmp_path: Path) -> None:
    before = ('export A=1\nexport B="$A x"', "export C=$(echo $B | tr x y)")
    ran = await Sections(place=tmp_path, before=before, ci=("printenv C",)).run()
    assert ran.lines[0] == "1 y"


async def test_a_build_that_prints_nothing_for_too_long_is_ended_without_hooks(tmp_path: Path) -> None:
    ran = await Sections(place=tmp_path, ci=("echo a", "sleep 60"), silence=timedelta(seconds=0.5)).run()
    assert (ran.result.status, ran.result.reason) == ("timeout", "no output for 0.5 seconds")
    assert ran.lines[0] == "a"
    assert not {"F", "A"} & set(ran.lines)


async def test_a_build_that_goes_on_printing_is_not_ended(tmp_path: Path) -> None:
    talking = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done"
    ran = await Sections(place=tmp_path, ci=(talking,), silence=timedelta(seconds=1)).run()
    assert ran.result.status == "success"


JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="s" tests="3" failures="1">
  <testcase classname="a" name="good"/>
  <testcase classname="a" name="bad"><failure message="x">trace</failure><error/></testcase>
  <testcase name="left"><skipped/></testcase>
</testsuite></testsuites>"""
COBERTURA = '<coverage line-rate="0.8" branch-rate="0"><packages/></coverage>'
JACOCO = """<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.0//EN" "report.dtd"><report name="x">
  <package><counter type="LINE" missed="9" covered="1"/></package><counter type="LINE" missed="1" covered="3"/>
</report>"""
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'


def reports(place: Path, **files: str) -> None:
    """`tests__x` is a file below testresults, `coverage__x` one below codecoverage."""
    for name, text in files.items():
        kind, _, rest = name.partition("__")
        path = place / "repo" / "shippable" / {"tests": "testresults", "coverage": "codecoverage"}[kind] / f"{rest}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


UNSTABLE: dict[str, tuple[dict[str, str], float | None, str]] = {
    "failed tests": ({"tests__a": JUNIT}, None, "1 of 3 tests failed"),
    "failed tests of two files": ({"tests__a": JUNIT, "tests__b": JUNIT}, None, "2 of 6 tests failed"),
    "sums without cases": ({"tests__a": '<testsuite tests="5" failures="1" errors="1"/>'}, None, "2 of 5 tests failed"),
    "coverage that is too low": ({"coverage__a": COBERTURA}, 85.5, "the coverage is 80 %, less than 85.5 %"),
    "the lowest coverage counts": ({"coverage__a": COBERTURA, "coverage__b": JACOCO}, 80,
                                   "the coverage is 75 %, less than 80 %"),
    "coverage that nothing tells": ({}, 80, "the coverage is not known, 80 % are asked for"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSTABLE)
async def test_a_build_that_passes_is_unstable_by_its_reports_and_runs_no_hook(case: str, tmp_path: Path) -> None:
    files, least, reason = UNSTABLE[case]
    reports(tmp_path, **files)
    ran = await Sections(place=tmp_path, ci=("echo c",), least=least).run()
    assert (ran.result.status, ran.result.reason, ran.result.exit_code) == ("unstable", reason, 0)
    assert ran.lines == ["c"]


STABLE: dict[str, tuple[dict[str, str], float | None, list[str]]] = {
    "tests that pass": ({"tests__a": '<testsuite><testcase name="x"/></testsuite>'}, None,
                        ["tests: 1, failed: 0, skipped: 0"]),
    "enough coverage": ({"coverage__a": COBERTURA, "coverage__b": JACOCO}, 75, ["coverage: 75 % of lines"]),
    "coverage that nobody asks about": ({"coverage__a": COBERTURA}, None, ["coverage: 80 % of lines"]),
    "an entity bomb": ({"tests__a": BOMB}, None,
                       ["shippable/testresults/a.xml is left out: it declares entities, which are not expanded"]),
    "no XML": ({"tests__a": "<a>"}, None,
               ["shippable/testresults/a.xml is left out: it is not readable as XML: no element found: line 1, column"
                " 3"]),
}  # fmt: skip


@pytest.mark.parametrize("case", STABLE)
async def test_reports_that_say_nothing_bad_leave_the_build_a_success(case: str, tmp_path: Path) -> None:
    files, least, notes = STABLE[case]
    reports(tmp_path, **files)
    ran = await Sections(place=tmp_path, least=least).run()
    assert (ran.result.status, ran.lines) == ("success", ["S", "A"])
    assert ran.notes == notes


async def test_failed_tests_of_a_failed_build_are_not_what_it_ends_with(tmp_path: Path) -> None:
    reports(tmp_path, tests__a=JUNIT)
    ran = await Sections(place=tmp_path, ci=("exit 1",)).run()
    assert (ran.result.status, ran.lines) == ("failure", ["F", "A"])


async def test_links_and_pipes_among_the_reports_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "secret.xml").write_text(JUNIT)
    reports(tmp_path, tests__ok='<testsuite><testcase name="x"/></testsuite>')
    make = "cd shippable/testresults; ln -s ../../../secret.xml a.xml; mkfifo b.xml; ln -s / c.xml"
    ran = await Sections(place=tmp_path, ci=(make,)).run()
    assert ran.result.status == "success"
    assert ran.notes == ["tests: 1, failed: 0, skipped: 0"]
