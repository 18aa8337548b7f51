"""Resuming a log anywhere: over segments, compressed ones, and the holes that its quota has cost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.api.feeds import Feeds, follow, stored
from runner.api.log_blocks import first_of_tail
from runner.logs.redaction import Redactor
from runner.logs.segments import Limits
from runner.logs.writer import LogWriter


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long log: a head, compressed segments, a hole, a tail with the result."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    writer = LogWriter(str(path), Redactor(), pack=True, limits=Limits(segment=20_000, quota=60_000))
    for number in range(4000):
        writer.message(f"{number} " + "x" * (number % 90), None)
    writer.result("success", 0, None, 1, by="script", signal=None, left=(), dropped=writer.dropped)
    writer.close()
    return path


async def numbers_from(path: Path, seq: int) -> list[int]:
    """The numbers of the records from this one on, those that a `dropped` record stands for too."""
    found: list[int] = []
    async for block in stored(path, seq):
        for line in block.data.splitlines():
            record = json.loads(line)
            found += range(record["seq"], record.get("until", record["seq"]) + 1)
    return found


@given(st.integers(1, 4100))
@settings(max_examples=40, deadline=None)
def test_whoever_resumes_gets_every_number_from_there_on_once(log: Path, seq: int) -> None:
    assert asyncio.run(numbers_from(log, seq)) == list(range(seq, 4002))


async def test_the_log_has_a_hole_and_whoever_resumes_in_it_gets_the_rest_of_it(log: Path) -> None:
    lines = [json.loads(line) async for block in stored(log, 1) for line in block.data.splitlines()]
    (hole,) = [record for record in lines if record["type"] == "dropped"]
    assert hole["until"] - hole["seq"] > 100
    middle = (hole["seq"] + hole["until"]) // 2
    first, *_ = [json.loads(line) async for block in stored(log, middle) for line in block.data.splitlines()]
    assert first == {**hole, "seq": middle}
    events = b"".join([block.events async for block in stored(log, middle)])
    assert events.startswith(b"id: %d\n" % hole["until"])


@pytest.mark.parametrize("count", [1, 10, 100])
def test_the_tail_is_as_many_records_as_were_asked_for(log: Path, count: int) -> None:
    assert first_of_tail(log, count) == 4002 - count


async def test_a_follower_of_what_has_ended_gets_all_of_it_and_is_let_go(log: Path) -> None:
    stop, feeds, found = asyncio.Event(), Feeds(), b""

    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    async with asyncio.TaskGroup() as group:
        group.create_task(feeds.run(stop))
        await asyncio.sleep(0)
        with feeds.followed(log, never) as feed:
            async for block in follow(feed, log, 3990):
                found += block.data if block else b""
        stop.set()
    assert [json.loads(line)["seq"] for line in found.splitlines()] == list(range(3990, 4002))
