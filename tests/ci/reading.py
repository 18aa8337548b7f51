"""What the tests of this room read with."""

from __future__ import annotations

from textwrap import dedent

from runner.pipeline.ci.expansion import expand
from runner.pipeline.ci.model import CiPart, CiReading
from runner.pipeline.reader import SourceFile, read
from tests.reference.agreement import agreeing


def read_ci(text: str, name: str = "shippable.yml") -> CiReading:
    """The CI part of a file of this text."""
    files = [SourceFile(name, dedent(text))]
    found = agreeing(files, read(files)).ci
    assert found is not None
    return found


def part_of(text: str) -> CiPart:
    """The CI part of a file that has no errors."""
    found = read_ci(text)
    assert not found.refused, printed(found)
    return found.part


def printed(reading: CiReading) -> list[str]:
    """The problems behind their place, as the user reads them, without their codes."""
    return [str(problem).split(": ", 1)[1].removesuffix(f" [{problem.code}]") for problem in reading.problems]


def labels(text: str) -> list[str]:
    """The items of the matrix in words; one that may fail has a question mark."""
    return [f"{item}{'?' * item.may_fail}" for item in expand(part_of(text))]
