"""What was written is read back: whole records, typed, also while another process writes."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.logs.follow import follow
from runner.logs.reader import read
from runner.logs.records import (
    Build,
    Command,
    DamagedLogError,
    End,
    Group,
    Level,
    Message,
    Record,
    Result,
    Unknown,
    parse,
)
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
from tests.logs.bare import PLACES

COMMON = '"time":"2024-05-01T10:00:00.000001Z"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def record_line(seq: int, text: str = "x") -> str:
    return f'{{"seq":{seq},{COMMON},"type":"message","parent":1,"text":{json.dumps(text)}}}\n'


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=20)


@given(TEXTS, st.lists(TEXTS, max_size=5), st.none() | st.integers(0, 255))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, lines: list[str], code: int | None
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    log.build("b1", name, 4)
    group = log.group(name, step=name, shown=False)
    command = log.command(name, group)
    log.output(command, "".join(line + "\n" for line in lines).encode())
    log.end(command, code)
    log.message(name, None, "error")
    log.result(name, code, None, 7)
    log.close()

    build, opened, ran, *printed, ended, said, result = read(path)
    assert isinstance(build, Build)
    assert (build.seq, build.schema, build.build, build.job, build.number) == (1, 1, "b1", name, 4)
    assert build.time.tzinfo is UTC
    assert isinstance(opened, Group)
    assert (opened.id, opened.parent, opened.name, opened.step, opened.shown) == (group, None, name, name, False)
    assert isinstance(ran, Command)
    assert (ran.id, ran.parent, ran.text) == (command, group, name)
    assert [(m.parent, m.text, m.level) for m in printed if isinstance(m, Message)] == [(2, t, None) for t in lines]
    assert isinstance(ended, End)
    assert (ended.id, ended.exit) == (command, code)
    assert isinstance(said, Message)
    assert (said.parent, said.text, said.level) == (None, name, Level.ERROR)
    assert isinstance(result, Result)
    assert (result.status, result.exit, result.reason, result.duration_us) == (name, code, None, 7)
    assert "".join(record.line + "\n" for record in read(path)).encode() == path.read_bytes()


def test_keys_and_types_of_a_newer_version_are_passed_over() -> None:
    message = parse(f'{{"seq":1,{COMMON},"type":"message","parent":null,"text":"a","level":"loud","new":[1]}}\n')
    assert isinstance(message, Message)
    assert (message.text, message.level) == ("a", Level.INFO)
    artifact = parse(f'{{"seq":2,{COMMON},"type":"artifact","size":3}}')
    assert isinstance(artifact, Unknown)
    assert (artifact.type, json.loads(artifact.line)["size"]) == ("artifact", 3)


@pytest.mark.parametrize("line", ["", "{", "[]", "7", "{}", '{"seq":1,"time":"now","type":"end"}', "\x00\x00"])
def test_a_line_that_is_no_record_is_named_with_its_place(path: Path, line: str) -> None:
    path.write_text(f"{record_line(1)}{line}\n{record_line(3)}")
    with pytest.raises(DamagedLogError, match=rf"{path}:2: this line is no log record"):
        list(read(path))


def test_half_a_record_at_the_end_is_not_read(path: Path) -> None:
    path.write_text(record_line(1) + record_line(2)[:-1])
    assert [record.seq for record in read(path)] == [1]


def test_a_record_larger_than_a_block_is_read(path: Path) -> None:
    path.write_text(record_line(1, "x" * 1_000_000) + record_line(2))
    assert [record.seq for record in read(path)] == [1, 2]


async def next_record(records: AsyncIterator[Record]) -> Record:
    async with asyncio.timeout(20):
        return await anext(records)


WRITER = """
import sys
sys.path += sys.argv[1].split(':')
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
sys.stdin.readline()
log = LogWriter(sys.argv[2], Redactor())
log.build("b1", "job", 1)
group = log.group("Setup")
for number in range(3000):
    log.output(group, b"line %d\\n" % number * (number % 7))
log.result("success", 0, None, 1)
log.close()
"""


async def test_a_log_is_followed_from_before_it_is_there_to_its_result_without_gap(path: Path) -> None:
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", WRITER, PLACES, str(path), stdin=subprocess.PIPE
    )
    followed = [follow(path) for _ in range(2)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        readers = [group.create_task(collect(records)) for records in followed]
        await writer.communicate(b"go\n")
    for reader in readers:
        assert [record.line for record in reader.result()] == [record.line for record in read(path)]
        assert [record.seq for record in reader.result()] == list(range(1, len(reader.result()) + 1))
        assert isinstance(reader.result()[-1], Result)


async def collect(records: AsyncIterator[Record]) -> list[Record]:
    return [record async for record in records]


async def let_it_look() -> None:
    """As many turns of the loop as the follower needs to hear of a change and read the file."""
    for _ in range(10):
        await asyncio.sleep(0)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


async def test_a_half_written_record_is_waited_for(path: Path) -> None:
    append(path, record_line(1) + record_line(2)[:30])
    async with aclosing(follow(path)) as records, asyncio.timeout(20), asyncio.TaskGroup() as group:
        assert (await anext(records)).seq == 1
        waiting = group.create_task(next_record(records))
        for part in (slice(30, 50), slice(50, -1), slice(-1, None)):
            await let_it_look()
            assert not waiting.done()
            append(path, record_line(2)[part])
        assert (await waiting).seq == 2


async def test_half_a_record_that_is_taken_back_and_replaced_is_not_shown(path: Path) -> None:
    append(path, record_line(1) + record_line(2, "did not fit")[:-4])
    async with aclosing(follow(path)) as records, asyncio.timeout(20), asyncio.TaskGroup() as group:
        assert (await anext(records)).seq == 1
        waiting = group.create_task(next_record(records))
        await let_it_look()
        log = LogWriter(str(path), Redactor(), seq=2)
        await let_it_look()
        log.message("disk full", None, "error")
        log.close()
        record = await waiting
        assert isinstance(record, Message)
        assert record.text == "disk full"


async def test_following_ends_when_the_log_is_deleted(path: Path) -> None:
    append(path, record_line(1))
    async with aclosing(follow(path)) as records:
        assert (await next_record(records)).seq == 1
        os.unlink(path)
        with pytest.raises(StopAsyncIteration):
            await next_record(records)


async def test_following_in_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    async with aclosing(follow(tmp_path / "none" / "log.jsonl")) as records:
        with pytest.raises(FileNotFoundError):
            await next_record(records)


async def test_a_record_is_seen_well_within_a_tenth_of_a_second(path: Path) -> None:
    log = LogWriter(str(path), Redactor())
    log.message("first", None)
    delays = []
    async with aclosing(follow(path)) as records:
        await next_record(records)
        for _ in range(20):
            written = monotonic()
            log.message("next", None)
            await next_record(records)
            delays.append(monotonic() - written)
    log.close()
    assert sorted(delays)[len(delays) // 2] < 0.1


async def test_the_time_of_a_record_is_the_present(path: Path) -> None:
    before = datetime.now(UTC)
    log = LogWriter(str(path), Redactor())
    log.message("now", None)
    log.close()
    (record,) = read(path)
    assert before.replace(microsecond=0) <= record.time <= datetime.now(UTC)
