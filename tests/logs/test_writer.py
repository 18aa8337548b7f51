"""What is written is JSON Lines by the schema, whole records only, and says what the job printed."""

import json
import os
import resource
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.logs.encoding import LINE_LIMIT
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
from tests.logs.bare import PLACES
from tests.logs.written import messages, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


DROPPED = ("dropped_records", "dropped_bytes")


def test_the_records_of_a_build_have_the_keys_of_the_schema_in_order(path: Path) -> None:
    log = LogWriter(str(path), Redactor())
    log.build("b7", "deploy", 7)
    group = log.group("Executing task: one", step="one")
    command = log.command('echo "hi"', group)
    log.output(command, b"hi\n")
    log.message("careful", None, "warning")
    log.end(command, 0)
    log.end(group, None)
    log.result("failure", 1, "no", 12, by="limit", signal=9, left=["7 (sleep 9)"], dropped=(3, 400))
    log.close()

    records = written(path)
    assert [list(record) for record in records] == [
        ["seq", "time", "type", "schema", "build", "job", "number"],
        ["seq", "time", "type", "id", "parent", "name", "step", "shown"],
        ["seq", "time", "type", "id", "parent", "text"],
        ["seq", "time", "type", "parent", "text"],
        ["seq", "time", "type", "parent", "text", "level"],
        ["seq", "time", "type", "id", "exit", "duration_us"],
        ["seq", "time", "type", "id", "exit", "duration_us"],
        [
            "seq",
            "time",
            "type",
            "status",
            "exit",
            "reason",
            "duration_us",
            "by",
            "signal",
            "left",
            "dropped_records",
            "dropped_bytes",
        ],
    ]
    assert [record["seq"] for record in records] == list(range(1, 9))
    assert (group, command) == (1, 2)
    assert records[1]["shown"] is True
    assert records[1]["parent"] is None
    assert records[2]["text"] == 'echo "hi"'
    assert list(records[-1].values())[3:] == ["failure", 1, "no", 12, "limit", 9, ["7 (sleep 9)"], 3, 400]
    assert (log.seq, log.next_id) == (9, 3)


def test_the_next_writer_of_a_file_goes_on_where_the_first_ended(path: Path) -> None:
    first = LogWriter(str(path), Redactor())
    first.end(first.group("Setup"), 0)
    first.close()
    second = LogWriter(str(path), Redactor(), seq=first.seq, next_id=first.next_id)
    assert second.group("Cleanup") == 2
    second.close()
    assert [record["seq"] for record in written(path)] == [1, 2, 3]


def test_only_the_owner_can_read_a_log(path: Path) -> None:
    LogWriter(str(path), Redactor()).close()
    assert path.stat().st_mode & 0o777 == 0o600


LINES = st.lists(
    st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\x00", b"\xff", b"\xc3", b"\xa4", b"\x7f", b'"\\', b"\x1b"])
)


@given(LINES.map(b"".join), st.lists(st.integers(0, 60)))
def test_any_bytes_give_the_same_lines_wherever_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, stop in pairwise(places):
        log.output(1, data[start:stop])
    log.close()
    *lines, rest = data.split(b"\n")
    expected = [line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines]
    assert messages(path) == expected + ([rest.decode("utf-8", "replace")] if rest else [])


@given(
    st.lists(st.sampled_from([("x", 9000), ("ä", 7001), ("\n", 1), ("\r\n", 1), ("€", 1), ("\r", 1)]), max_size=40),
    st.integers(1, 90_000),
)
@settings(deadline=None)  # byte by byte this is a lot
def test_long_lines_are_cut_at_characters_and_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, int]], block: int
) -> None:
    text = "".join(piece * times for piece, times in pieces)
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    log = LogWriter(str(path), Redactor())
    data = text.encode()
    for at in range(0, len(data), block):
        log.output(1, data[at : at + block])
    log.close()
    joined = ""
    for record in written(path):
        assert len(record["text"].encode()) <= LINE_LIMIT
        assert not record.get("partial") or len(record["text"].encode()) > LINE_LIMIT - 4
        joined += record["text"] + ("" if record.get("partial") else "\n")
    assert joined == text.replace("\r\n", "\n") + ("" if text.endswith("\n") or not text else "\n")


def test_the_unfinished_line_of_a_command_is_written_before_its_end(path: Path) -> None:
    log = LogWriter(str(path), Redactor([b"secret"]))
    group = log.group("g")
    first = log.command("printf", group)
    log.output(first, b"no line end, sec")
    log.end(first, 0)
    second = log.command("printf", group)
    log.output(second, b"ret!\n")
    log.close()
    assert [(r["type"], r.get("parent"), r.get("text")) for r in written(path)][2:] == [
        ("message", first, "no line end, "),
        ("end", None, None),
        ("command", group, "printf"),
        ("message", second, "****!"),
    ]


def test_what_is_held_back_is_written_before_the_result(path: Path) -> None:
    log = LogWriter(str(path), Redactor([b"secret"]))
    log.output(1, b"sec")
    log.result("success", 0, None, 1)
    log.close()
    assert [record["type"] for record in written(path)] == ["message", "result"]


def test_secrets_are_hidden_in_every_text_of_the_runner(path: Path) -> None:
    log = LogWriter(str(path), Redactor([b"hunter22"]))
    group = log.group("group hunter22", step="hunter22")
    log.command("command hunter22", group)
    log.message("message hunter22", group)
    log.result("failure", 1, "reason hunter22", 1)
    log.close()
    assert "hunter22" not in path.read_text()
    assert path.read_text().count("****") == 5


def test_a_message_of_the_runner_leaves_the_unfinished_line_of_the_job_whole(path: Path) -> None:
    log = LogWriter(str(path), Redactor())
    log.output(1, b"half ")
    log.message("note", None)
    log.output(1, b"whole\n")
    log.close()
    assert messages(path) == ["note", "half whole"]


@pytest.fixture
def small_files() -> Any:
    """No file of this process may grow over 5,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_log_that_does_not_fit_ends_with_a_whole_record_and_goes_on_later(path: Path, small_files: Any) -> None:
    log = LogWriter(str(path), Redactor())
    command = log.group("g")
    with pytest.raises(OSError, match="File too large"):
        log.output(command, b"one of many lines\n" * 100)
    records = written(path)
    assert 10 < len(records) < 100
    assert log.seq == len(records) + 1
    with pytest.raises(OSError, match="File too large"):
        log.message("x" * 5000, None)

    small_files()
    log.end(command, 1)
    log.close()
    assert [record["seq"] for record in written(path)] == list(range(1, len(records) + 2))


def on_a_small_disk(place: Path, size: str, program: str) -> list[str]:
    """What a program prints that writes to `disk`, a real one, in a mount namespace that is gone with its process."""
    (place / "disk").mkdir()
    command = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size={size} tmpfs disk && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], cwd=place, capture_output=True, check=False).returncode:
        pytest.skip("this host lets nobody mount a small disk")
    run = [*command, sys.executable, "-I", "-S", "-c", program, PLACES]
    return subprocess.run(run, cwd=place, capture_output=True, text=True, check=True).stdout.splitlines()


FULL_DISK = """
import sys
sys.path += sys.argv[1].split(':')
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
log = LogWriter("disk/log.jsonl", Redactor())
try:
    log.output(1, b"one of many lines\\n" * 5000)
except OSError as error:
    print(log.seq, error)
sys.stdout.write(open("disk/log.jsonl").read())
"""


def test_a_full_disk_is_an_error_and_leaves_whole_records(tmp_path: Path) -> None:
    first, *lines = on_a_small_disk(tmp_path, "64k", FULL_DISK)
    seq, _, error = first.partition(" ")
    assert "No space left" in error
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, int(seq)))
    assert len(lines) > 100


BIG_OUTPUT = """
import os, sys
sys.path += sys.argv[1].split(":")
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
log = LogWriter("disk/log.jsonl", Redactor())
try:
    while True: log.output(1, b"one of many lines\\n" * 5000)
except OSError as error:
    print(error)
log.result("error", None, "the disk is full", 1)
log.close()
disk = os.statvfs("disk")
print(disk.f_bavail / disk.f_blocks)
print(open("disk/log.jsonl").read().count("\\n") == log.seq - 1)
"""


def test_output_leaves_room_on_the_disk_for_the_end_of_the_build(tmp_path: Path) -> None:
    error, free, whole = on_a_small_disk(tmp_path, "8m", BIG_OUTPUT)
    assert "No space left" in error
    assert 0 < float(free) < 1 / 16
    assert whole == "True"


def test_half_a_record_that_a_killed_writer_left_is_dropped(path: Path) -> None:
    path.write_text('{"seq":1}\n{"seq":2,"text":"' + "x" * 100_000)
    log = LogWriter(str(path), Redactor(), seq=2)
    log.message("on", None)
    log.close()
    assert [record["seq"] for record in written(path)] == [1, 2]


MEMORY = """
import resource, sys
sys.path += sys.argv[1].split(':')
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
log = LogWriter(sys.argv[2], Redactor([b"hunter22"]))
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
block = b"x" * 65536
for _ in range(50): log.output(1, block)
before = peak()
for _ in range(500): log.output(1, block)
log.output(1, b"\\n")
log.close()
print(peak() - before)
"""


def test_a_line_without_end_takes_no_memory(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEMORY, PLACES, path], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 1024  # KiB
    assert sum(len(text) for text in messages(path)) == 550 * 65536


def test_importing_the_writer_stays_cheap() -> None:
    program = "import sys; sys.path += sys.argv[1].split(':'); import runner.logs.writer; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, PLACES], capture_output=True, text=True, check=True
    )
    dear = {"json", "re", "typing", "dataclasses", "datetime", "pathlib", "logging", "enum", "asyncio"}
    assert not dear & set(run.stdout.split())


def test_the_file_of_a_log_is_not_inherited_by_commands(path: Path) -> None:
    log = LogWriter(str(path), Redactor())
    ours = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    fds = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, check=True, close_fds=False)
    assert str(path) in ours
    assert str(path) not in fds.stdout
    log.close()
