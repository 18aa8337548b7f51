"""The log of one build as the service writes it: before the supervisor has it and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runner.logs.forms import SHORTEST
from runner.logs.redaction import Redactor
from runner.logs.writer import LogWriter
from runner.secret import Secret
from runner.service.repair import resume_at
from runner.store.rows import BuildEnd

TOO_SHORT = f"too short to be hidden in this log (under {SHORTEST} bytes): "  # what, for the user


@dataclass(slots=True)
class Section:
    """An open group of the log. `exit` is what it ends with where an exception leaves it; None: there is none."""

    _writer: LogWriter
    _group: int
    exit: int | None = 1

    def note(self, text: str) -> None:
        self._writer.message(text, self._group)

    def warn(self, text: str) -> None:
        """A warning belongs to the build, not to the group: nobody may miss it because the group is folded."""
        self._writer.message(text, None, "warning")

    def output(self, data: bytes) -> None:
        """What a program printed, cut anywhere."""
        self._writer.output(self._group, data)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A command that ends with 0, or with 1 where an exception leaves it."""
        command = self._writer.command(text, self._group)
        status = 1
        try:
            yield
            status = 0
        finally:
            self._writer.end(command, status)


class Journal:
    """Writes groups and the first and last record; `seq` and `next_id` say where the next writer goes on, `ended`
    whether the last record is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seq = 1
        self.next_id = 1
        self.ended = False
        self.secrets: list[Secret] = []
        self._behind = False  # another process wrote this log, and where it stopped is not known yet
        self._redactor = Redactor()

    def open(self, build: int, job: str, number: int) -> None:
        """Make the log with its first record; one that another process has begun is not touched before there is
        something to write. From now on it can be followed."""
        self.path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        self._behind = self.path.exists() and self.path.stat().st_size > 0
        if not self._behind:
            with self._writer() as writer:
                writer.build(str(build), job, number)

    def mask(self, secrets: Iterable[Secret]) -> int:
        """Hide these from now on. Returns how many of them are new and too short to be hidden."""
        fresh = list(secrets)
        self.secrets.extend(fresh)
        return self._redactor.add(encoded(secret) for secret in fresh)

    def warn(self, text: str) -> None:
        with self._writer() as writer:
            writer.message(text, None, "warning")

    def redact(self, text: str) -> str:
        return self._redactor.redact(text)

    def resume(self, seq: int, next_id: int) -> None:
        """Go on behind another writer of the same file; 0: it was killed and could not say where it stopped."""
        self.seq, self.next_id = (seq, next_id) if seq else resume_at(self.path)
        self._behind = False

    @contextmanager
    def section(self, name: str, *, shown: bool = False) -> Iterator[Section]:
        """A group that ends with 0, or with its `exit` where an exception leaves it. Not `shown`: people see it if it
        failed."""
        with self._writer() as writer:
            section = Section(writer, group := writer.group(name, shown=shown))
            try:
                yield section
                section.exit = 0
            finally:
                writer.end(group, section.exit)

    def end(self, end: BuildEnd, duration: timedelta) -> None:
        with self._writer() as writer:
            writer.result(
                end.status,
                end.exit_code,
                end.reason,
                max(0, int(duration.total_seconds() * 1_000_000)),
                by=end.by,
                signal=end.signal,
                left=end.left_alive,
                dropped=end.dropped,
            )
        self.ended = True

    @contextmanager
    def _writer(self) -> Iterator[LogWriter]:
        if self._behind:
            self.resume(0, 0)
        writer = LogWriter(str(self.path), self._redactor, seq=self.seq, next_id=self.next_id)
        try:
            yield writer
        finally:
            writer.close()
            self.seq, self.next_id = writer.seq, writer.next_id


def encoded(secret: Secret) -> bytes:
    """The bytes that a job gets for it: what was no UTF-8 when it was read (lone surrogates) is as it was."""
    return secret.reveal().encode("utf-8", "surrogateescape")
