"""What a CI build leaves about its tests and their coverage: read when its commands have passed, before any hook.

The files are the job's: whatever is in them, reading them ends soon, follows no link and expands no entity.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from runner.execution.journal import Journal

LARGEST = 32 * 1024 * 1024  # bytes of one file
MOST_BYTES = 128 * 1024 * 1024  # of all files
MOST_FILES = 5000
DEEPEST = 8  # directories below each other
NAMED = 10  # failed tests that are named one by one


class Findings:
    """What all files say together. `coverage` is the lowest one in percent."""

    def __init__(self) -> None:
        self.tests = self.failed = self.skipped = 0
        self.names: list[str] = []
        self.coverage: float | None = None


def look_at(reports: dict[str, Any], journal: Journal) -> str:
    """Why the build is unstable, or an empty text; the log gets what was found."""
    found = Findings()
    for directory, reader in ((reports["tests"], _Tests), (reports["coverage"], _Coverage)):
        for path in _files(directory, journal):
            name = os.path.relpath(path, os.path.dirname(os.path.dirname(directory)))
            if trouble := _read(path, reader(found)):
                journal.note(f"{name} is left out: {trouble}", "warning")
    if found.tests:
        journal.note(f"tests: {found.tests}, failed: {found.failed}, skipped: {found.skipped}")
    if found.names:
        more = f" and {found.failed - NAMED} more" if found.failed > NAMED else ""
        journal.note(f"failed: {', '.join(found.names[:NAMED])}{more}", "warning")
    if found.coverage is not None:
        journal.note(f"coverage: {found.coverage:.4g} % of lines")
    return _reason(found, reports["least"])


def _reason(found: Findings, least: float | None) -> str:
    if found.failed:
        return f"{found.failed} of {found.tests} tests failed"
    if least is not None and found.coverage is None:
        return f"the coverage is not known, {least:g} % are asked for"
    if least is not None and found.coverage is not None and found.coverage < least:
        return f"the coverage is {found.coverage:.4g} %, less than {least:g} %"
    return ""


def _files(directory: str, journal: Journal) -> Iterator[str]:
    """The XML files below, as many as are read."""
    room = MOST_BYTES
    for count, entry in enumerate(_walk(directory, DEEPEST)):
        room -= _size(entry)
        if room < 0 or count >= MOST_FILES:
            journal.note(f"not every file below {directory} is read: there are too many", "warning")
            return
        yield entry.path


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:  # it went away: so it will be when it is to be read
        return 0


def _walk(directory: str, deepest: int) -> Iterator[os.DirEntry[str]]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:  # there is none: nothing was reported
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and deepest:
            yield from _walk(entry.path, deepest - 1)
        elif entry.is_file(follow_symlinks=False) and entry.name.endswith(".xml"):
            yield entry


class _Tests:
    """JUnit: a `testcase` has failed if there is a `failure` or an `error` in it."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._case: str | None = None
        self._cases = self._told = self._told_failed = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        found = self._found
        if name == "testcase":
            self._case = ".".join(filter(None, (values.get("classname"), values.get("name", "?"))))
            self._cases += 1
            found.tests += 1
        elif name in ("failure", "error") and self._case is not None:
            found.failed += 1
            found.names += [self._case] if len(found.names) < NAMED else []
            self._case = None
        elif name == "skipped" and self._case is not None:
            found.skipped += 1
        elif name == "testsuite":
            self._told += _number(values.get("tests"))
            self._told_failed += _number(values.get("failures")) + _number(values.get("errors"))

    def end(self, name: str) -> None:
        if name == "testcase":
            self._case = None

    def done(self) -> None:
        """Some tools leave sums only."""
        if not self._cases:
            self._found.tests += self._told
            self._found.failed += self._told_failed


class _Coverage:
    """Cobertura: `line-rate` of the top; JaCoCo: the counter of lines below the top."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._depth = 0
        self._top = ""

    def start(self, name: str, values: dict[str, str]) -> None:
        self._depth += 1
        self._top = self._top or name
        if self._depth == 1 and name == "coverage" and "line-rate" in values:
            self._take(100 * float(values["line-rate"]))
        elif self._depth == 2 and self._top == "report" and name == "counter" and values.get("type") == "LINE":
            missed, covered = float(values.get("missed", 0)), float(values.get("covered", 0))
            self._take(100 * covered / (missed + covered) if missed + covered else 100.0)

    def end(self, name: str) -> None:
        self._depth -= 1

    def done(self) -> None:
        """Nothing is left to do."""

    def _take(self, percent: float) -> None:
        found = self._found
        found.coverage = percent if found.coverage is None else min(found.coverage, percent)


def _read(path: str, reader: _Tests | _Coverage) -> str:
    """Read one file; gives what is wrong with it, in words."""
    import pyexpat  # for builds that leave reports only

    parser = pyexpat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(_content(path), True)
        reader.done()
    except pyexpat.ExpatError as error:
        return f"it is not readable as XML: {error}"
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _content(path: str) -> bytes:
    """Raises OSError, or ValueError for what is no file that is read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no file")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return content


def _refuse_entities(*_: object) -> None:
    raise ValueError("it declares entities, which are not expanded")


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
