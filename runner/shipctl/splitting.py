"""`shipctl split_tests`: the test files that are this node's part, so that all nodes take about as long."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from xml.etree.ElementTree import ParseError, iterparse

from runner.shipctl.console import RefusedError, complain, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def run(arguments: list[str]) -> int:
    """Print the files, one a line: those with a known time first, the quickest first. Exit status 1 where there is
    no such directory of tests, so that a build does not pass without any."""
    place, pattern, reports = arguments[:3]
    number, count = _whole("SHIPPABLE_JOB_NUMBER"), _whole("SHIPPABLE_JOB_COUNT")
    if not os.path.exists(place):
        complain(f"shipctl split_tests: {place}: No such file or directory")
        return 1
    mine = _ordered(list(_found(place, pattern)), _times(reports))[number - 1 :: count]
    if mine:
        say("\n".join(mine))
    return 0


def _whole(variable: str) -> int:
    """A number of the job's matrix, 1 where there is none."""
    text = os.environ.get(variable) or "1"
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise RefusedError(f"shipctl: {variable} is '{text}', not a number from 1 on")


def _found(place: str, pattern: str) -> Iterator[str]:
    """The paths of files, as `find PLACE -name PATTERN` gives them; sorted, since every node must see one order."""
    if os.path.isfile(place):
        if fnmatchcase(os.path.basename(place), pattern):
            yield place
        return
    for directory, below, names in os.walk(place):
        below.sort()
        for name in sorted(names):
            if fnmatchcase(name, pattern):
                yield os.path.join(directory, name)


def _times(reports: str) -> dict[str, float]:
    """The seconds that each test file took, by the reports in a directory; none of it where there is none."""
    times: dict[str, float] = {}
    for path in _found(reports, "*.xml"):
        try:
            for file, seconds in _suites(path):
                times[file] = times.get(file, 0.0) + seconds
        except (ParseError, OSError) as error:
            complain(f"shipctl split_tests: the report {path} cannot be read: {error}")
    return times


def _suites(path: str) -> Iterator[tuple[str, float]]:
    with open(path, "rb") as report:
        for _event, element in iterparse(report):
            if element.tag == "testsuite" and (file := element.get("filepath")):
                yield file, _seconds(element.get("time", ""))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _ordered(tests: list[str], times: dict[str, float]) -> list[str]:
    """Reported files that are still there, as the report names them, by their time; then the others."""
    reported = [file for file in sorted(times, key=times.__getitem__) if file.endswith(tuple(tests))]
    known = {test for test in tests if any(file.endswith(test) for file in reported)}
    return [*reported, *(test for test in tests if test not in known)]
