"""The writing side of a build's log: JSON Lines, whole records only, as little work for a line as possible.

Imported by the supervisor under `python -I -S`: builtin modules only. The schema is documented in docs/logs.md.
"""

from __future__ import annotations

import time
from _json import encode_basestring  # json.encoder's own, without the cost of importing json

from runner.logs.appending import Appender
from runner.logs.encoding import LINE_LIMIT, character_start, escape, has_long_line, number
from runner.logs.index import Indexer
from runner.logs.packing import Packer
from runner.logs.segments import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.logs.redaction import Redactor

BLOCK = 256 * 1024  # bytes of output turned into records at a time
LIMITS = Limits()
LINES = 4096  # records of output made before they are written: keeps memory flat where lines are short


class LogWriter:
    """Appends records to one log; only one writer may be open on a log at a time.

    Every method that writes raises OSError when the disk cannot take it (full, size limit). Then the log ends with the
    last whole record, `seq` goes on from there, and the writer may be used again. `pack`: compress the middle of a long
    log, and drop the oldest of it over the quota.
    """

    def __init__(
        self,
        path: str,
        redactor: Redactor,
        *,
        seq: int = 1,
        next_id: int = 1,
        pack: bool = False,
        limits: Limits = LIMITS,
    ) -> None:
        self.seq = seq
        self.next_id = next_id
        self._redactor = redactor
        self._packer = Packer(path, limits.quota) if pack else None
        self._file = Appender(path, seq, limits.segment, self._packer)
        self._index = Indexer(path, self._file.first, self._file.size, seq)
        self._open_file = True
        self._records: list[bytes] = []  # made, not yet written; in pieces
        self._line = b""  # the unfinished line of output, redacted
        self._parent = 0  # whose output it is
        self._started: dict[int, int] = {}  # id of an open group or command → monotonic nanoseconds
        self._second = -1
        self._second_text = ""

    @property
    def dropped(self) -> tuple[int, int]:
        """How many records, and bytes of their text, this writer has dropped because of the quota."""
        return (self._packer.dropped_records, self._packer.dropped_bytes) if self._packer else (0, 0)

    def build(self, build: str, job: str, number: int) -> None:
        """The first record of a log: which build it is of."""
        self._add(f'"build","schema":1,"build":{self._text(build)},"job":{self._text(job)},"number":{number}')
        self._write()

    def group(self, name: str, *, parent: int | None = None, step: str | None = None, shown: bool = True) -> int:
        """Open a group and return its id. `step`: the name of the TASK that the group is for."""
        self._end_line()
        id = self._open(parent, step)
        self._add(
            f'"group","id":{id},"parent":{_json(parent)},"name":{self._text(name)},'
            f'"step":{self._text(step)},"shown":{_json(shown)}'
        )
        self._index.grouped(self._records[-1])
        self._write()
        return id

    def command(self, text: str, parent: int) -> int:
        """Open a command of the group `parent` and return its id."""
        self._end_line()
        id = self._open(parent)
        self._add(f'"command","id":{id},"parent":{parent},"text":{self._text(text)}')
        self._write()
        return id

    def output(self, parent: int, data: bytes) -> None:
        """Add bytes that the command or group `parent` printed, cut anywhere."""
        if parent != self._parent:
            self._end_line()
            self._parent = parent
        for at in range(0, len(data), BLOCK):
            self._take(self._redactor.feed(data[at : at + BLOCK]))
            self._write(output=True)

    def end(self, id: int, exit: int | None) -> None:
        """Close a group or command that this writer opened. Bytes held back by the redactor stay held back."""
        self._end_line()
        duration = (time.monotonic_ns() - self._started[id]) // 1000
        self._index.touched(id)
        self._add(f'"end","id":{id},"exit":{_json(exit)},"duration_us":{duration}')
        self._write()
        del self._started[id]  # not before: an end that did not fit on the disk can be tried again

    def message(self, text: str, parent: int | None, level: str = "info") -> None:
        """Add a line of the runner's own; `level` is info, warning or error."""
        self._index.touched(parent)
        self._add(f'"message","parent":{_json(parent)},"text":{self._text(text)},"level":"{level}"')
        self._write()

    def result(
        self,
        status: str,
        exit: int | None,
        reason: str | None,
        duration_us: int,
        *,
        by: str | None = None,
        signal: int | None = None,
        left: Iterable[str] = (),
        dropped: tuple[int, int] = (0, 0),
    ) -> None:
        """The last record of a finished build: everything that is still held is written before it. `by` says who or
        what ended the build, `left` names what was alive then, `dropped` are the records and bytes that the quota
        has cost."""
        self._end_stream()
        self._add(
            f'"result","status":{self._text(status)},"exit":{_json(exit)},'
            f'"reason":{self._text(reason)},"duration_us":{duration_us},'
            f'"by":{self._text(by)},"signal":{_json(signal)},"left":[{",".join(map(self._text, left))}],'
            f'"dropped_records":{dropped[0]},"dropped_bytes":{dropped[1]}'
        )
        self._write()

    def close(self) -> None:
        """Write everything that is still held and close the log; it is closed also if writing fails."""
        if not self._open_file:
            return
        self._open_file = False
        try:
            self._end_stream()
            self._write()
        finally:
            self._index.close()
            self._file.close()

    def _open(self, parent: int | None, step: str | None = None) -> int:
        id = self.next_id
        self.next_id += 1
        self._started[id] = time.monotonic_ns()
        self._index.opened(id, parent, step)
        return id

    def _text(self, text: str | None) -> str:
        return "null" if text is None else encode_basestring(self._redactor.redact(text))

    def _end_stream(self) -> None:
        self._take(self._redactor.flush())
        self._end_line()

    def _end_line(self) -> None:
        if self._line:
            line, self._line = self._line, b""
            self._add_line(line)

    def _take(self, data: bytes) -> None:
        """Turn redacted output into records; what follows the last line end waits for its own."""
        if self._line:
            data = self._line + data
        end = data.rfind(b"\n") + 1
        if end:
            lines = data[:end]
            if has_long_line(lines):
                for line in lines[:-1].split(b"\n"):
                    self._add_line(line.removesuffix(b"\r"))
            else:
                self._add_lines(lines)
        self._line = self._cut(data[end:], LINE_LIMIT + data.endswith(b"\r"))  # the \r may be half a line end

    def _add_line(self, line: bytes) -> None:
        self._add_output(self._cut(line, LINE_LIMIT))

    def _cut(self, line: bytes, limit: int) -> bytes:
        """Make partial records of a line until no more than `limit` bytes are left; return these."""
        while len(line) > limit:
            cut = character_start(line, LINE_LIMIT)
            self._add_output(line[:cut], b',"partial":true')
            line = line[cut:]
        return line

    def _add_output(self, line: bytes, more: bytes = b"") -> None:
        head = self._output_head()
        self._records += (b'{"seq":%d' % self.seq, head, escape(line), b'"', more, b"}\n")
        self.seq += 1

    def _add_lines(self, lines: bytes) -> None:
        """Make one record for each line of a block that ends with a line end, many at once."""
        if b"\r\n" in lines:
            lines = lines.replace(b"\r\n", b"\n")
        texts = escape(lines[:-1]).split(b"\n")
        head = self._output_head()
        for at in range(0, len(texts), LINES):
            some = texts[at : at + LINES]
            self._records += number(self.seq, head, some)
            self.seq += len(some)
            self._write(output=True)

    def _output_head(self) -> bytes:
        self._index.touched(self._parent)
        return f',"time":"{self._now()}","type":"message","parent":{self._parent},"text":"'.encode()

    def _add(self, rest: str) -> None:
        self._records.append(f'{{"seq":{self.seq},"time":"{self._now()}","type":{rest}}}\n'.encode())
        self.seq += 1

    def _now(self) -> str:
        microseconds = time.time_ns() // 1000
        self._index.saw(microseconds)
        second, fraction = divmod(microseconds, 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{fraction:06}Z"

    def _write(self, *, output: bool = False) -> None:
        """Write the records that were made; if they do not all fit, leave the log at the end of a whole one."""
        if not self._records:
            return
        data = b"".join(self._records)
        self._records.clear()
        try:
            self._file.append(data, self.seq, output=output)
        finally:
            file = self._file
            self.seq = file.seq
            self._index.wrote(file.first, file.size, file.seq, self.next_id, last=file.full)


def _json(value: int | None) -> str:
    """A number, a truth value or nothing, as JSON."""
    return "null" if value is None else str(value).lower()
