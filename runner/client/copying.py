"""A log of a service as a file on this host, so that whatever reads logs reads it too."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from runner.client.asking import build
from runner.client.client import Client
from runner.client.connection import Answer
from runner.client.failures import LostError, NotThereError, ServiceError
from runner.client.patience import LIMIT, Patience
from runner.errors import RunnerError
from runner.logs.records import is_result, seq_of

STOP_LIMIT_S = 2.0  # for a thread that waits for an answer just then
LONGEST_LINE = 16 * 1024**2
CONTROLS = bytes(range(32)).replace(b"\n", b"")
HEAD = 128  # bytes in which the number and the type of a record are


class LogCopy:
    """The copy of one log. What comes is put behind what is there, each record once, whatever the connection does.

    `begun` is called with the first record, before it is in the file; `told` with sentences for people.
    """

    def __init__(
        self,
        client: Client,
        build_id: int,
        log: Path,
        *,
        begun: Callable[[], object] = lambda: None,
        told: Callable[[str], object] = lambda text: None,
        limit: timedelta = LIMIT,
    ) -> None:
        self.log = log
        self.failed: RunnerError | None = None
        self.whole = False  # whether the last record is in the file
        self._client = client
        self._id = build_id
        self._begun = begun
        self._patience = Patience(limit, told)
        self._seq = 0  # of the last record in the file
        self._answer: Answer | None = None
        log.touch(0o600)

    def take(self) -> None:
        """Copy what is there now. Raises LostError, ServiceError, WrongRequestError."""
        self._stream(follow=False)

    def follow(self) -> None:
        """Copy until the log has ended, over lost connections; for a thread of its own. What it could not do is in
        `failed`. Where there will be no last record the file is removed: whoever follows it reads it to its end."""
        try:
            if not self.whole:
                self._follow()
        except (RunnerError, OSError) as error:
            self.failed = error if isinstance(error, RunnerError) else ServiceError(f"{self.log}: {error.strerror}")
        finally:
            if not self.whole:
                self.log.unlink(missing_ok=True)

    def stop(self) -> None:
        """End `follow`, from another thread."""
        self._patience.stopped.set()
        if (answer := self._answer) is not None:
            answer.break_off()

    def _follow(self) -> None:
        while not self._patience.stopped.is_set():
            try:
                if self._stream(follow=True):
                    return
                if build(self._client, self._id).ended_at is not None:
                    self._stream(follow=False)
                    return
            except NotThereError:
                build(self._client, self._id)  # it is there: then it has ended, and has no log
                return
            except LostError as error:
                self._patience.bear(error)
            self._patience.pause()

    def _stream(self, *, follow: bool) -> bool:
        """One connection: what comes after the last record that we have. Gives `whole`."""
        asked = {"from": self._seq + 1, "follow": "true" if follow else None}
        with self._client.stream(f"/builds/{self._id}/log", **asked) as answer, self.log.open("ab", 0) as file:
            self._answer = answer
            held = b""
            while (data := answer.read_some()) and not self._patience.stopped.is_set():
                self._patience.heard()
                held += data
                whole, newline, held = held.rpartition(b"\n")
                if newline:
                    _write(file.fileno(), self._new(whole + newline))
                elif len(held) > LONGEST_LINE:
                    raise self._strange()
        return self.whole

    def _new(self, lines: bytes) -> bytes:
        """Those of the lines that are not in the file yet."""
        if lines.startswith(b"\n") or b"\n\n" in lines:  # empty lines keep a quiet connection alive
            lines = b"".join([line + b"\n" for line in lines.split(b"\n") if line])
        while lines and self._number(lines) <= self._seq:
            lines = lines.partition(b"\n")[2]
        if not lines:
            return b""
        if self._seq == 0:
            self._begun()
        last = lines[lines.rfind(b"\n", 0, -1) + 1 :]
        if lines.translate(None, CONTROLS) != lines:
            raise self._strange()
        self._seq = _last_number(last, self._number(last))
        self.whole = is_result(last[:HEAD].decode("utf-8", "replace"))
        return lines

    def _number(self, lines: bytes) -> int:
        number = seq_of(lines[:HEAD])
        if number is None:
            raise self._strange()
        return number

    def _strange(self) -> ServiceError:
        return ServiceError(f"{self._client.address.text} sends something else than a log for build {self._id}")


@contextlib.contextmanager
def followed(copies: Sequence[LogCopy]) -> Iterator[None]:
    """Let the copies go on, each on a thread, until the block ends."""
    threads = [threading.Thread(target=copy.follow, name=f"log {copy.log.name}", daemon=True) for copy in copies]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for copy in copies:
            copy.stop()
        for thread in threads:
            thread.join(STOP_LIMIT_S)


def _last_number(line: bytes, number: int) -> int:
    """The number of the last record that a line stands for: of a hole it is that of the hole's end."""
    if b'"type":"dropped"' not in line[:HEAD]:
        return number
    return max(number, int(json.loads(line)["until"]))


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
