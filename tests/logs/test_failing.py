"""What failed, from the end of a log."""

from __future__ import annotations

from pathlib import Path

from runner.logs.failing import failing_snippet
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter


def write(path: Path, lines: int, *, before: int = 0, exit: int = 3) -> str:
    """A log with a command that printed so many lines and failed, then a hook that went well; `before` are the lines
    of an earlier one."""
    writer = LogWriter(str(path), Redactor())
    writer.build("1", "a", 1)
    group = writer.group("Executing task: x")
    first = writer.command("first", group)
    writer.output(first, b"%s\n" % (b"x" * 90) * before)
    writer.end(first, 0)
    command = writer.command("make all", group)
    writer.output(command, "".join(f"line {number}\n" for number in range(lines)).encode())
    writer.end(command, exit)
    hook = writer.command("on_failure", group)
    writer.output(hook, b"mending\n")
    writer.end(hook, 0)
    writer.end(group, exit)
    writer.close()
    return failing_snippet(path)


def test_the_failed_command_is_quoted_with_its_last_hundred_lines(tmp_path: Path) -> None:
    lines = write(tmp_path / "log.jsonl", 250).splitlines()
    assert lines[0] == "$ make all"
    assert lines[1:] == [f"line {number}" for number in range(150, 250)]


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    assert write(tmp_path / "log.jsonl", 2, before=20_000) == "$ make all\nline 0\nline 1"


def test_a_command_that_began_long_before_is_quoted_by_its_lines(tmp_path: Path) -> None:
    lines = write(tmp_path / "log.jsonl", 20_000).splitlines()
    assert lines == [f"line {number}" for number in range(19_900, 20_000)]


def test_where_nothing_failed_nothing_is_quoted(tmp_path: Path) -> None:
    assert write(tmp_path / "log.jsonl", 2, exit=0) == ""


def test_what_would_steer_a_terminal_is_left_out(tmp_path: Path) -> None:
    writer = LogWriter(str(tmp_path / "log.jsonl"), Redactor())
    command = writer.command("make", writer.group("x"))
    writer.output(command, b"\x1b[31mred\x1b[0m \x1b]0;title\x07text\n")
    writer.end(command, 1)
    writer.close()
    assert failing_snippet(tmp_path / "log.jsonl") == "$ make\nred text"
