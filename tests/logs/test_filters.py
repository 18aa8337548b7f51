"""Choosing records by time, step and number; moments as people type them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.logs.filters import (
    at_least,
    matches,
    may_have_level,
    may_match,
    of_step,
    parse_moment,
    since,
    until,
)
from runner.logs.reader import read
from runner.logs.records import Level, Message, Record
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
from tests.logs.written import select

NOW = datetime(2024, 5, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    """Setup (1-3), step one (4-8), step two (9-13), the result (14)."""
    path = tmp_path / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    setup = log.group("Setup")
    log.output(setup, b"ready\n")
    log.end(setup, 0)
    for step in ("one", "two"):
        group = log.group(f"Executing task: {step}", step=step)
        command = log.command("echo", group)
        log.output(command, b"hello\n")
        log.end(command, 0)
        log.end(group, 0)
    log.result("success", 0, None, 1)
    log.close()
    return list(read(path))


def test_a_step_is_its_group_with_everything_in_it(records: list[Record]) -> None:
    assert [record.seq for record in select(records, of_step("one"))] == [4, 5, 6, 7, 8]
    assert [record.seq for record in select(records, of_step("none"))] == []


def test_since_takes_what_was_written_then_or_later(records: list[Record]) -> None:
    moment = records[5].time
    assert list(select(records, since(moment))) == [record for record in records if record.time >= moment]


def test_conditions_are_combined_and_each_sees_every_record(records: list[Record]) -> None:
    late = since(records[6].time)
    assert {record.seq for record in select(records, late, of_step("one"))} >= {7, 8}


def test_until_takes_what_was_written_then_or_earlier(records: list[Record]) -> None:
    moment = records[5].time
    assert list(select(records, until(moment))) == [record for record in records if record.time <= moment]


def test_a_pattern_is_looked_for_in_what_people_see(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    command = log.command("make all", log.group("The making"))
    log.output(command, b'making "it"\nm\x1b[31mak\x1b[0mes\n10%\r20%\nquiet\n')
    log.end(command, 0)
    log.close()
    records = list(read(path))
    for pattern, count in (("mak", 4), ("^mak", 3), ('"it"$', 1), ("^20%$", 1), ("10%", 0), ("quiet", 1), ("MAK", 0)):
        looked_for = re.compile(pattern)
        found = [record.seq for record in select(records, matches(looked_for))]
        assert len(found) == count, pattern
        assert found == [r.seq for r in select(records, matches(looked_for)) if may_match(looked_for)(r.line)]


def test_a_level_is_of_the_runners_own_messages(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    log.output(log.group("g"), b"error: of the job\n")
    for level in ("info", "warning", "error"):
        log.message(level, None, level)
    log.close()
    for level, shown in ((Level.INFO, 3), (Level.WARNING, 2), (Level.ERROR, 1)):
        assert [r.level for r in select(read(path), at_least(level)) if isinstance(r, Message)] == list(Level)[-shown:]
    assert [may_have_level(record.line) for record in read(path)] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("10m", NOW - timedelta(minutes=10)),
        ("2h", NOW - timedelta(hours=2)),
        (" 1d ", NOW - timedelta(days=1)),
        ("14:30", NOW),
        ("14:30:01", NOW.replace(second=1) - timedelta(days=1)),
        ("15:00", NOW.replace(hour=15, minute=0) - timedelta(days=1)),
        ("2024-04-30", datetime(2024, 4, 30, tzinfo=NOW.tzinfo)),
        ("2024-04-30T10:00:00Z", datetime(2024, 4, 30, 10, tzinfo=UTC)),
        ("2024-04-30T10:00:00.5+01:00", datetime(2024, 4, 30, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-04-30 10:00", datetime(2024, 4, 30, 10, tzinfo=NOW.tzinfo)),
    ],
)
def test_a_moment_is_read_as_people_type_it(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "10", "10x", "-5m", "25:00", "2024-13-01", "9999999999d", "٣m"])
def test_what_is_no_moment_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no moment: give a time span \(10m, 2h, 1d\)"):
        parse_moment(text, NOW)
