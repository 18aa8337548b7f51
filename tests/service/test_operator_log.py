"""What operators read."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from runner.secret import Secret
from runner.service.operator_log import OperatorLog, bound
from runner.service.settings import Log, LogFormat, LogLevel

ours = structlog.stdlib.get_logger("runner.service.anything")


@pytest.fixture
def out(tmp_path: Path) -> Iterator[TextIO]:
    with (tmp_path / "out").open("w+", encoding="utf-8") as file:
        yield file


def lines(out: TextIO) -> list[str]:
    out.flush()
    return Path(out.name).read_text("utf-8").splitlines()


def events(out: TextIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(out)]


def test_an_event_is_one_json_line_with_time_level_name_and_the_build_it_belongs_to(out: TextIO) -> None:
    with OperatorLog(Log(), out=out), bound(build=7, job="deploy", attempt=2):
        ours.info("build.claimed", place=Path("/x"), waited=timedelta(seconds=1.5), key=Secret("hunter2"))
    (line,) = lines(out)
    event = json.loads(line)
    assert list(event)[:6] == ["time", "level", "event", "build", "job", "attempt"]
    assert datetime.fromisoformat(event.pop("time")).tzinfo == UTC
    assert event == {
        "level": "info", "event": "build.claimed", "build": 7, "job": "deploy", "attempt": 2,
        "place": "/x", "waited": 1.5, "key": "****",
    }  # fmt: skip


def test_what_libraries_log_goes_the_same_way_but_never_their_debugging(out: TextIO) -> None:
    with OperatorLog(Log(level=LogLevel.DEBUG), out=out):
        ours.debug("rule.decided")
        logging.getLogger("aiohttp.server").warning("Error handling %s", "request")
        logging.getLogger("botocore.parsers").debug("SecretAccessKey")
    ours_, theirs = events(out)
    assert (ours_["event"], ours_["level"]) == ("rule.decided", "debug")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == (
        "Error handling request", "warning", "aiohttp.server",
    )  # fmt: skip


def test_an_exception_is_rendered_without_the_values_of_variables(out: TextIO) -> None:
    with OperatorLog(Log(), out=out) as operator_log:
        _fail()
        operator_log.change(Log(format=LogFormat.CONSOLE))
        _fail()
    first, *rest = lines(out)
    assert "ZeroDivisionError: division by zero" in json.loads(first)["exception"]
    assert rest[0].endswith("build.failed")
    assert rest[-1] == "ZeroDivisionError: division by zero"
    assert "hunter2" not in "".join([first, *rest])


def _fail() -> None:
    value = "".join(["hunt", "er2"])
    try:
        len(value) / 0
    except ZeroDivisionError:
        ours.exception("build.failed")


@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_journald_gets_the_level_of_each_line(out: TextIO, form: LogFormat) -> None:
    status = os.fstat(out.fileno())
    environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
    with OperatorLog(Log(format=form), out=out, environ=environ):
        ours.info("build.claimed")
        ours.warning("disk.low")
        _fail()
    found = lines(out)
    assert [line[:3] for line in found[:3]] == ["<6>", "<4>", "<3>"]
    assert all(line.startswith("<3>") for line in found[2:])


def test_the_level_can_be_changed_while_the_service_runs(out: TextIO) -> None:
    with OperatorLog(Log(level=LogLevel.ERROR), out=out) as operator_log:
        ours.info("build.claimed")
        operator_log.change(Log(level=LogLevel.INFO))
        ours.info("build.started")
    assert [event["event"] for event in events(out)] == ["build.started"]


def test_another_output_than_the_journals_is_left_as_it_is(out: TextIO) -> None:
    with OperatorLog(Log(), out=out, environ={"JOURNAL_STREAM": "1:2"}):
        ours.info("build.claimed")
    assert lines(out)[0].startswith("{")
