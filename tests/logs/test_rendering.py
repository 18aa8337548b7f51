"""What people see of a log."""

import re
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.logs.reader import read
from runner.logs.redaction import Redactor
from runner.logs.rendering import JsonRenderer, Renderer, TextRenderer, duration
from runner.logs.sanitizing import harmless
from runner.logs.writer import LogWriter

DURATION = re.compile(r"[0-9]+\.[0-9] s")


@pytest.fixture
def shown(tmp_path: Path) -> Callable[[Callable[[LogWriter], None], Renderer], list[str]]:
    """Write a log, render it; durations become `_`."""

    def show(write: Callable[[LogWriter], None], renderer: Renderer) -> list[str]:
        path = tmp_path / "log.jsonl"
        log = LogWriter(str(path), Redactor())
        write(log)
        log.close()
        lines = [line for record in read(path) for line in renderer.render(record)]
        return [DURATION.sub("_", line) for line in [*lines, *renderer.finish()]]

    return show


Show = Callable[[Callable[[LogWriter], None], Renderer], list[str]]


def failing_build(log: LogWriter) -> None:
    log.build("b1", "deploy", 7)
    group = log.group("Executing task: one", step="one")
    command = log.command("make all\nmake check", group)
    log.output(command, b"making\n")
    log.end(command, 2)
    log.end(group, 2)
    log.message("left running: sleep\nkilled", None, "warning")
    log.result("failure", 2, "make all ended with exit 2", 1_500_000)


def test_a_failing_build_reads_from_group_to_reason(shown: Show) -> None:
    assert shown(failing_build, TextRenderer()) == [
        "Executing task: one",
        "$ make all …",
        "making",
        "exit 2 after _",
        "Executing task: one: exit 2 after _",
        "warning: left running: sleep",
        "warning: killed",
        "failure (exit 2) after _: make all ended with exit 2",
    ]


def test_lines_begin_with_time_and_label_when_wanted(shown: Show) -> None:
    for line in shown(failing_build, TextRenderer(label="deploy/7", times=True, zone=UTC)):
        assert re.match(r"[0-9]{2}:[0-9]{2}:[0-9]{2} deploy/7 \| \S", line)
    assert shown(failing_build, TextRenderer(label="deploy/7"))[2] == "deploy/7 | making"


def test_colours_tell_groups_commands_and_errors_apart(shown: Show) -> None:
    lines = shown(failing_build, TextRenderer(colour=True))
    assert lines[:4] == [
        "\x1b[1mExecuting task: one\x1b[0m",
        "\x1b[36m$ make all …\x1b[0m",
        "making",
        "\x1b[31mexit 2 after _\x1b[0m",
    ]


@pytest.mark.parametrize("whole", [False, True])
def test_a_hidden_group_is_left_out_when_it_succeeds_but_where_all_is_wanted(shown: Show, whole: bool) -> None:
    def write(log: LogWriter) -> None:
        hidden = log.group("Copying keys", shown=False)
        command = log.command("cp", log.group("inside", parent=hidden))
        log.output(command, b"copied\n")
        log.end(command, 0)
        log.message("beside it", None)
        log.end(hidden, 0)

    everything = ["Copying keys", "inside", "$ cp", "copied", "beside it", "Copying keys: _"]
    assert shown(write, TextRenderer(whole=whole)) == (everything if whole else ["beside it"])


@pytest.mark.parametrize("code", [1, None])
def test_a_hidden_group_is_shown_when_it_fails(shown: Show, code: int | None) -> None:
    def write(log: LogWriter) -> None:
        hidden = log.group("Copying keys", shown=False)
        log.output(hidden, b"no space\n")
        log.end(hidden, code)

    assert shown(write, TextRenderer())[:2] == ["Copying keys", "no space"]


def test_a_hidden_group_in_which_the_build_stopped_is_shown_before_the_result(shown: Show) -> None:
    def write(log: LogWriter) -> None:
        log.output(log.group("Copying keys", shown=False), b"copying\n")
        log.result("timeout", None, None, 0)

    assert shown(write, TextRenderer()) == ["Copying keys", "copying", "timeout after _"]


def test_a_log_that_is_read_from_its_middle_is_shown(shown: Show, tmp_path: Path) -> None:
    def write(log: LogWriter) -> None:
        log.output(17, b"hello\n")

    assert shown(write, TextRenderer()) == ["hello"]


def test_json_passes_every_record_on_as_it_stands(shown: Show, tmp_path: Path) -> None:
    assert shown(failing_build, JsonRenderer()) == (tmp_path / "log.jsonl").read_text().splitlines()


def test_a_job_cannot_control_the_terminal(shown: Show) -> None:
    def write(log: LogWriter) -> None:
        log.output(
            log.command("\x1b[2Jls", log.group("\x1b]0;title\x07g")), b"\x1b[31mred\x1b[H\x1b]8;;http://x\x1b\\link\n"
        )

    assert shown(write, TextRenderer()) == ["g", "$ ls", "redlink"]
    assert shown(write, TextRenderer(colour=True))[-1] == "\x1b[31mredlink\x1b[0m"


def test_of_a_long_line_that_rewrites_itself_the_last_state_is_shown(shown: Show, tmp_path: Path) -> None:
    def write(log: LogWriter) -> None:
        bar = log.command("wget", log.group("g"))
        log.output(bar, b"".join(b"\r%d of 20000" % number for number in range(20_001)) + b", done\nnext\n")

    expected = ["g", "$ wget", "20000 of 20000, done", "next"]
    assert shown(write, TextRenderer()) == expected
    (tmp_path / "log.jsonl").rename(tmp_path / "other.jsonl")
    assert TextRenderer().render_lines((tmp_path / "other.jsonl").read_text().splitlines()) == expected


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("tab\tstays", "tab\tstays"),
        ("10%\r50%\r100%\r", "100%"),
        ("a\x07\x08\x00b\x7f", "ab"),
        ("a\x1b]52;c;Zm9v", "a"),
        ("\x1bPq\x1b\\b", "b"),
        ("\x9b2Ja\x9d0;t\x9cb", "ab"),
        ("\x1b\x1b[2J[2Jc", "[2Jc"),
        ("\x1b", ""),
        ("\x1b(0q", "q"),
        ("grün €", "grün €"),
    ],
)
def test_control_sequences_are_taken_out(text: str, left: str) -> None:
    assert harmless(text, colours=False) == left


@given(st.lists(st.sampled_from("\x1b[]0;m2J\x07\\\x9b\x9d\x9cP(\rx\t"), max_size=30).map("".join))
def test_nothing_but_colours_is_ever_left(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", harmless(text, colours=False))
    without_colours = re.sub(r"\x1b\[[0-9;:]*m", "", harmless(text, colours=True))
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", without_colours)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0.0 s"), (1_240_000, "1.2 s"), (9_960_000, "10 s"), (59_400_000, "59 s"), (59_600_000, "1 min 00 s"),
        (187_000_000, "3 min 07 s"), (3_599_600_000, "1 h 00 min"), (7_500_000_000, "2 h 05 min"),
    ],
)  # fmt: skip
def test_durations_are_short(microseconds: int, text: str) -> None:
    assert duration(microseconds) == text
