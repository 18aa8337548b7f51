"""Choosing records by time, step and number; moments as people type them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.logs.filters import of_step, parse_since, select, select_live, since, tail
from runner.logs.reader import read
from runner.logs.records import Record
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter

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
    assert [record.seq for record in tail(select(records, of_step("two")), 2)] == [12, 13]


async def test_a_followed_log_is_chosen_from_in_the_same_way(records: list[Record]) -> None:
    async def live() -> AsyncIterator[Record]:
        for record in records:
            yield record

    assert [record.seq async for record in select_live(live(), of_step("two"))] == [9, 10, 11, 12, 13]


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
    assert parse_since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "10", "10x", "-5m", "25:00", "2024-13-01", "9999999999d", "٣m"])
def test_what_is_no_moment_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no moment: give a time span \(10m, 2h, 1d\)"):
        parse_since(text, NOW)
