"""What operators read: one event a line on standard output, JSON or for people, with levels that journald takes.

Event names are `noun.verb` with facts beside them: `log.info("build.claimed", build=7, job="deploy")`. Within `bound`
every event names the build that it belongs to.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self, TextIO

import structlog
from structlog.contextvars import bound_contextvars as bound
from structlog.contextvars import merge_contextvars
from structlog.processors import TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor, WrappedLogger

from runner.service.settings import Log, LogFormat

__all__ = ["OperatorLog", "bound"]

OURS = ("runner", "jobs")
FIRST = ("time", "level", "event", "build", "job", "attempt")
"""What each line begins with, as far as it is known."""
PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""The levels of syslog, which journald reads at the beginning of a line (sd-daemon(3))."""


class OperatorLog:
    """While it is open, structlog and the standard library's logging both write to `out`."""

    def __init__(self, log: Log, *, out: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._log = log
        self._out = out or sys.stdout
        self._journal = is_journal(self._out, environ)
        self._output = logging.StreamHandler(self._out)
        self._before = {name: logging.getLogger(name).level for name in ("", *OURS)}

    def __enter__(self) -> Self:
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, *_facts(), ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=False,
        )
        logging.getLogger().addHandler(self._output)
        self.change(self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger().removeHandler(self._output)
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)
        structlog.reset_defaults()

    def change(self, log: Log) -> None:
        """Go on with these settings. What libraries say for debugging is never written: botocore would give away
        credentials there."""
        level = logging.getLevelNamesMapping()[log.level.upper()]
        for name in OURS:
            logging.getLogger(name).setLevel(level)
        logging.getLogger().setLevel(max(level, logging.INFO))
        console = log.format is LogFormat.CONSOLE or (log.format is LogFormat.AUTO and self._out.isatty())
        lines = ProcessorFormatter(
            foreign_pre_chain=[add_logger_name, *_facts()],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                *(_for_people(self._out) if console else _as_json()),
            ],
        )
        self._output.setFormatter(_Prioritized(lines) if self._journal else lines)


class _Prioritized(logging.Formatter):
    """Every line begins with the level as journald reads it: those of a traceback too."""

    def __init__(self, lines: logging.Formatter) -> None:
        super().__init__()
        self._lines = lines

    def format(self, record: logging.LogRecord) -> str:
        priority = PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in self._lines.format(record).split("\n"))


def is_journal(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether this output goes to journald (`JOURNAL_STREAM` of systemd.exec(5))."""
    try:
        status = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _facts() -> list[Processor]:
    return [merge_contextvars, add_log_level, TimeStamper(fmt="iso", utc=True, key="time"), format_exc_info]


def _as_json() -> list[Processor]:
    return [_in_order, structlog.processors.JSONRenderer(serializer=json.dumps, default=_plain, ensure_ascii=False)]


def _for_people(out: TextIO) -> list[Processor]:
    # The tracebacks of rich would show the values of variables, secrets among them.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain, timestamp_key="time")]


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event[name] for name in FIRST if name in event}, **event}


def _plain(value: object) -> object:
    """A value that JSON does not know: seconds of a duration, else its text (of a secret: `****`)."""
    return value.total_seconds() if isinstance(value, timedelta) else str(value)
