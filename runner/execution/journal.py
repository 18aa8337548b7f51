"""What the supervisor writes into the log: which group and command are open, and what to do when the disk is full."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.logs.writer import LogWriter


class Journal:
    """Never raises OSError: `lost` becomes the sentence about the first record that could not be written, and nothing
    is written after it, so that processes can still be ended and the result told."""

    def __init__(self, writer: LogWriter) -> None:
        self.lost = ""
        self._writer = writer
        self._group: int | None = None
        self._command: int | None = None
        self._open = False
        self._source = 0  # whose output is coming: the command, the last one after its end, or the group

    @property
    def next(self) -> tuple[int, int]:
        """The sequence number and the id that the next writer of this log begins with."""
        return self._writer.seq, self._writer.next_id

    @property
    def dropped(self) -> tuple[int, int]:
        """The records and bytes that the quota of the log has cost so far."""
        return self._writer.dropped

    def begin_task(self, name: str) -> None:
        self._write(lambda: self._begin_task(name))

    def end_task(self, status: int | None) -> None:
        """Close the group of the TASK and what is still open in it."""
        self.end_command(status)
        if (group := self._group) is not None:
            self._write(lambda: self._writer.end(group, status))
        self._group = None

    def begin_command(self, text: str) -> None:
        self._write(lambda: self._begin_command(text))

    def end_command(self, status: int | None) -> None:
        """Close the open command, if one is open."""
        if self._open and (command := self._command) is not None:
            self._write(lambda: self._writer.end(command, status))
        self._open = False

    def output(self, data: bytes) -> None:
        """Add what the job printed."""
        if self.lost:
            return
        try:
            self._writer.output(self._source, data)
        except OSError as error:
            self._lose(error)

    def note(self, text: str, level: str = "info") -> None:
        """Add a line of the runner's own, in the open group if there is one."""
        self._write(lambda: self._writer.message(text, self._group, level))

    def close(self) -> None:
        try:
            self._writer.close()
        except OSError as error:
            self._lose(error)

    def _begin_task(self, name: str) -> None:
        self._group = self._source = self._writer.group(f"Executing task: {name}", step=name)
        self._command = None

    def _begin_command(self, text: str) -> None:
        assert self._group is not None  # noqa: S101  (the shell is started after its group)
        self._command = self._source = self._writer.command(text, self._group)
        self._open = True

    def _write(self, record: Callable[[], None]) -> None:
        if self.lost:
            return
        try:
            record()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = self.lost or f"the log cannot be written: {os.strerror(error.errno or 0)}"
