"""A log longer than a segment: nothing is lost, given twice or invented, whoever is killed at whatever moment."""

import asyncio
import json
import os
import shutil
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.logs.filters import of_step
from runner.logs.follow import follow, follow_lines
from runner.logs.reader import LogReader, read
from runner.logs.records import Dropped, Record
from runner.logs.redaction import Redactor
from runner.logs.seeking import Question, read_index
from runner.logs.segments import Limits, index_path, parts_directory, segments
from runner.logs.writer import LogWriter
from runner.service.repair import has_result, resume_at
from tests.logs.written import select, text_of, written

SMALL = Limits(segment=5_000, quota=1_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


def fill(log: LogWriter, lines: int, width: int = 50) -> None:
    """Lines one by one, so that segments end between any of them."""
    group = log.group("g")
    for number in range(lines):
        log.output(group, f"{number:0{width}}\n".encode())
    log.end(group, 0)


def numbers(records: list[Record]) -> list[int]:
    """Every number that the records stand for."""
    found: list[int] = []
    for record in records:
        found += range(record.seq, record.until + 1) if isinstance(record, Dropped) else [record.seq]
    return found


def names(path: Path) -> list[str]:
    return [Path(segment.path).name for segment in segments(str(path))]


def test_a_small_log_is_one_plain_file(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), pack=True)
    fill(log, 100)
    log.close()
    assert os.listdir(path.parent) == ["log.jsonl"]


def test_the_head_and_the_newest_segments_of_a_long_log_are_plain_and_the_rest_is_compressed(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), pack=True, limits=SMALL)
    fill(log, 500)
    log.close()
    head, *middle, before, newest = names(path)
    assert head == "log.jsonl"
    assert len(middle) > 3
    assert all(name.endswith(".jsonl.zst") for name in middle)
    assert before.endswith(".jsonl")
    assert newest.endswith(".jsonl")
    assert sorted(os.listdir(parts_directory(str(path)))) == [*middle, before, newest]
    assert [record.seq for record in read(path)] == list(range(1, log.seq))
    assert "".join(record.line + "\n" for record in read(path)).encode() == text_of(path)


def test_over_its_quota_a_log_keeps_head_and_tail_and_says_what_is_missing(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), pack=True, limits=Limits(segment=5_000, quota=18_000))
    fill(log, 2_000)
    log.close()
    records = list(read(path))
    holes = [record for record in records if isinstance(record, Dropped)]
    assert len(holes) == 1
    assert numbers(records) == list(range(1, log.seq))
    assert log.dropped[0] == holes[0].until - holes[0].seq + 1
    assert log.dropped[1] > 100 * log.dropped[0]
    assert records[0].seq == 1
    assert records[-1].seq == log.seq - 1
    assert sum(Path(segment.path).stat().st_size for segment in segments(str(path))) < 20_000


WORK = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 80)),
        st.tuples(st.just("kill"), st.integers(0, 200)),  # so many bytes are missing at the end
        st.tuples(st.just("again"), st.just(0)),
        st.tuples(st.just("read"), st.just(0)),
    ),
    min_size=3,
    max_size=15,
)


@given(WORK, st.integers(300, 10_000), st.integers(2_000, 30_000), st.booleans())
@settings(deadline=None, max_examples=40)
def test_the_records_are_gapless_whatever_is_written_killed_and_resumed(
    tmp_path_factory: pytest.TempPathFactory, work: list[tuple[str, int]], segment: int, quota: int, pack: bool
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    limits = Limits(segment=segment, quota=quota)
    log = LogWriter(str(path), Redactor(), pack=pack, limits=limits)
    reader = LogReader(path)
    seen: list[Record] = []
    for kind, amount in work:
        match kind:
            case "write":
                for number in range(amount):
                    log.message(f"{number} " + "x" * (number % 90), None)
            case "read":
                while lines := reader.next_lines():
                    seen += reader.parse(lines)
            case "again" | "kill":
                while lines := reader.next_lines():
                    seen += reader.parse(lines)
                log.close()
                newest = segments(str(path))[-1].path
                if kind == "kill" and not newest.endswith(".zst"):
                    with open(newest, "ab") as file:  # the record that was just being written
                        file.write(b'{"seq":%d,"time":"2024' % log.seq + b"x" * amount)
                seq, next_id = resume_at(path)
                assert seq == log.seq
                log = LogWriter(str(path), Redactor(), pack=pack, limits=limits, seq=seq, next_id=next_id)
    log.result("success", 0, None, 1)
    log.close()
    while lines := reader.next_lines():
        seen += reader.parse(lines)
    reader.close()
    assert has_result(path)
    assert numbers(seen) == list(range(1, log.seq))
    assert numbers(list(read(path))) == list(range(1, log.seq))


def test_a_segment_of_which_the_writer_was_killed_while_it_compressed_it_counts_once(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), limits=SMALL)
    fill(log, 300)
    log.close()
    before = text_of(path)
    plain = [segment.path for segment in segments(str(path))[1:]]
    Path(plain[1] + ".zst.tmp").write_bytes(b"half")
    saved = Path(plain[0]).read_bytes()
    log = LogWriter(str(path), Redactor(), pack=True, limits=SMALL, seq=log.seq)
    log.close()
    Path(plain[0]).write_bytes(saved)  # renamed, but not yet removed
    assert text_of(path) == before
    assert [record.seq for record in read(path)] == list(range(1, log.seq))
    log = LogWriter(str(path), Redactor(), pack=True, limits=SMALL, seq=log.seq)
    fill(log, 200)
    log.close()
    assert not Path(plain[0]).exists()
    assert not list(Path(parts_directory(str(path))).glob("*.tmp"))


async def test_a_follower_that_is_behind_loses_nothing_while_segments_are_compressed(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), pack=True, limits=SMALL)
    fill(log, 50)
    async with aclosing(follow(path)) as records, asyncio.timeout(20):
        assert (await anext(records)).seq == 1
        fill(log, 1_000)
        log.result("success", 0, None, 1)
        log.close()
        assert [record.seq async for record in records] == list(range(2, log.seq))


async def test_a_follower_goes_on_over_segments_of_one_writer_after_another(path: Path) -> None:
    async def write() -> None:
        seq = 1
        for _ in range(5):
            log = LogWriter(str(path), Redactor(), seq=seq, pack=True, limits=SMALL)
            for number in range(300):
                log.message(str(number), None)
                if number % 20 == 0:
                    await asyncio.sleep(0)
            log.close()
            seq = log.seq
        log = LogWriter(str(path), Redactor(), seq=seq)
        log.result("success", 0, None, 1)
        log.close()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        reading = group.create_task(lines_of(path))
        group.create_task(write())
    assert [json.loads(line)["seq"] for line in reading.result()] == list(range(1, 1502))


async def lines_of(path: Path) -> list[str]:
    async with aclosing(follow_lines(path)) as blocks:
        return [line async for lines in blocks for line in lines]


STEPS = ("build", "test", "a \"b' step")


@pytest.fixture
def long_log(path: Path) -> Path:
    """Three steps of 8,000 lines each, over several segments."""
    log = LogWriter(str(path), Redactor(), pack=True, limits=Limits(segment=600_000))
    for step in STEPS:
        group = log.group(f"Executing task: {step}", step=step)
        command = log.command("make", group)
        for block in range(8):
            log.output(command, b"".join(b"%s %d\n" % (step.encode(), block * 1000 + line) for line in range(1000)))
        log.message("a word of the runner", None, "warning")
        log.end(command, 0)
        log.end(group, 0)
    log.result("success", 0, None, 1)
    log.close()
    return path


def of_step_by_index(path: Path, step: str) -> list[Record]:
    reader = LogReader(path, Question(path, step=step).leaps())
    inside: set[int] = set()
    condition = of_step(step, inside)
    found: list[Record] = []
    while lines := reader.next_lines():
        for leap in reader.left_out:
            inside.update(leap.ids)
        found += select(reader.parse(lines), condition)
    reader.close()
    return found


@pytest.mark.parametrize("step", [*STEPS, "none"])
def test_a_step_is_read_by_the_index_as_without_it(long_log: Path, step: str) -> None:
    found = [record.line for record in of_step_by_index(long_log, step)]
    assert found == [record.line for record in select(read(long_log), of_step(step))]
    assert len(found) == (8_004 if step in STEPS else 0)


def test_a_time_is_read_by_the_index_as_without_it(long_log: Path) -> None:
    records = list(read(long_log))
    for moment in (records[len(records) // 3].time, records[-2].time, records[-1].time + timedelta(seconds=1)):
        late = list(read(long_log, Question(long_log, since=moment).leaps()))
        assert [r for r in late if r.time >= moment] == [r for r in records if r.time >= moment]
        assert len(late) < len(records)
        early = list(read(long_log, Question(long_log, until=moment).leaps()))
        assert [r for r in early if r.time <= moment] == [r for r in records if r.time <= moment]


def test_the_last_runs_of_a_log_are_read_without_the_rest(long_log: Path) -> None:
    reader = LogReader(long_log, Question(long_log).leaps(last=1))
    records: list[Record] = []
    while lines := reader.next_lines():
        records += reader.parse(lines)
    reader.close()
    assert any(leap.wanted for leap in reader.left_out)
    everything = list(read(long_log))
    assert records == everything[-len(records) :]
    assert len(records) < len(everything) // 4


def test_hundreds_of_segments_are_left_out_as_one(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), limits=Limits(segment=1_000))
    fill(log, 1_500)
    log.close()
    assert len(segments(str(path))) > 150
    (*_, last) = read(path, Question(path).leaps(last=1))
    assert last.seq == log.seq - 1


@given(
    st.sampled_from(["cut", "damage", "missing", "other"]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(STEPS),
)
@settings(deadline=None, max_examples=15)
def test_an_index_that_is_wrong_in_any_way_gives_no_wrong_answer(
    tmp_path_factory: pytest.TempPathFactory, how: str, place: float, amount: float, step: str
) -> None:
    path = indexed(tmp_path_factory)
    everything = [record.line for record in read(path)]
    index = Path(index_path(str(path)))
    data = bytearray(index.read_bytes())
    at = int(place * (len(data) - 1))
    match how:
        case "cut":
            index.write_bytes(data[:at])
        case "damage":
            data[at] ^= 1 + int(amount * 254)
            index.write_bytes(data)
        case "missing":
            index.unlink()
        case "other":  # the log was cut, and another one written behind
            cut = everything[: 1 + int(place * len(everything) / 2)]
            shutil.rmtree(parts_directory(str(path)), ignore_errors=True)
            path.write_text("".join(line + "\n" for line in cut))
            log = LogWriter(str(path), Redactor(), seq=len(cut) + 1, next_id=100)
            group = log.group("again", step=step)
            for _ in range(int(amount * 3000)):
                log.output(group, b"quite another line of text\n")
            log.close()
    records = list(read(path))
    assert numbers(records) == list(range(1, len(records) + 1))
    assert of_step_by_index(path, step) == list(select(records, of_step(step)))
    middle = records[len(records) // 2].time
    late = [record for record in read(path, Question(path, since=middle).leaps()) if record.time >= middle]
    assert late == [record for record in records if record.time >= middle]


def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    log = LogWriter(str(path), Redactor(), limits=Limits(segment=400_000))
    for step in STEPS:
        group = log.group(step, step=step)
        for _ in range(3):
            log.output(group, b"a line of text, %b\n" % (b"and more of it, " * 40) * 300)
        log.end(group, 0)
    log.close()
    assert len(read_index(path)) > 3
    return path


def test_a_part_that_cannot_be_opened_is_named(path: Path) -> None:
    log = LogWriter(str(path), Redactor(), limits=SMALL)
    fill(log, 100)
    log.close()
    part = Path(segments(str(path))[1].path)
    part.unlink()
    part.symlink_to("nowhere")
    with pytest.raises(Exception, match="is there, but cannot be opened"):
        list(read(path))


def test_room_that_is_missing_for_segments_and_index_costs_no_record(path: Path) -> None:
    Path(parts_directory(str(path))).write_text("in the way")
    Path(index_path(str(path))).mkdir()
    log = LogWriter(str(path), Redactor(), pack=True, limits=Limits(segment=600_000))
    for _ in range(10):
        log.output(1, b"one of many lines\n" * 2_000)
    log.close()
    assert [record["seq"] for record in written(path)] == list(range(1, 20_001))
