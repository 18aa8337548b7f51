"""A shell in the environment of a job: prepared as a build, recorded as none, and nothing of it left when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runner.execution import sockets
from runner.execution.control import COOKIE, LONGEST, PLACE
from runner.execution.terminal import Program
from runner.logs.reader import LogReader
from runner.logs.records import Level, Message, parse
from runner.pipeline.model import Job, Task
from runner.service.engine import Engine
from runner.service.foreground import run_in_foreground
from runner.service.journal import TOO_SHORT, Journal
from runner.service.preparation import Preparation, Prepared
from runner.store.rows import BuildRow
from runner.workspace.directory import BuildDirectory
from runner.workspace.variables import effective

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants of a shell: the TASK whose variables it has, a command instead of a shell, the kind of shell;
    `grace` is for what it leaves running."""

    task: Task | None = None
    command: Sequence[str] = ()
    shell: str | None = None
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobShell:
    """`row` is the build that it is as good as; `place` is its own, a directory that is there; `tell` says sentences to
    the person."""

    engine: Engine
    job: Job
    row: BuildRow
    place: Path
    wanted: Wanted
    tell: Tell

    async def run(self, ready: Callable[[], None]) -> int:
        """The exit code of the shell or of the command; `ready` is called before it starts. Raises RunnerError where
        the job cannot be prepared, OSError."""
        prepared = await self._prepare()
        try:
            async with _answering(self.place):
                ready()
                return await run_in_foreground(self._program(prepared), self.place, self.wanted.grace, self.tell)
        finally:
            prepared.grant.close()

    async def _prepare(self) -> Prepared:
        journal = Journal(self.place / "log.jsonl")
        journal.open(self.row.id, self.job.name, self.row.number)
        preparation = Preparation(
            engine=self.engine,
            job=self.job,
            row=self.row,
            journal=journal,
            directory=BuildDirectory(self.place / "work"),
            renewed=lambda secrets: None,  # nothing is logged from now on
            warn=self.tell,
        )
        try:
            return await preparation.run()
        finally:
            for text in _warnings(journal.path):
                self.tell(text)

    def _program(self, prepared: Prepared) -> Program:
        task, machine, variables = self.wanted.task, self.engine.host.machine, prepared.variables
        given = variables.of_task(task, machine) if task is not None else [*variables.shared(), *variables.aws]
        fixed = variables.fixed(task, machine) if task is not None else variables.aws
        return Program(
            directory=self.place / "work",
            exports=tuple((variable.name, variable.value) for variable in effective(given).values()),
            fixed=frozenset(effective(fixed)),
            base={**self.engine.host.base, COOKIE: str(self.place / PLACE)},
            job=self.job.name,
            command=self.wanted.command,
            shell=self.wanted.shell,
        )


def _warnings(log: Path) -> Iterator[str]:
    """What a build's log would have warned of, but for what is about the log itself."""
    reader = LogReader(log)
    try:
        while lines := reader.next_lines():
            for record in map(parse, lines):
                if isinstance(record, Message) and record.level is Level.WARNING and TOO_SHORT not in record.text:
                    yield record.text
    finally:
        reader.close()


@contextlib.asynccontextmanager
async def _answering(place: Path) -> AsyncIterator[None]:
    """Be what `shipctl mask` looks for: a shell has no log, so nothing is to be hidden in it."""
    listening = socket.socket(fileno=sockets.listen(place, PLACE).detach())
    server = await asyncio.start_unix_server(_answer, sock=listening, limit=LONGEST)
    try:
        yield
    finally:
        server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(ConnectionError, ValueError):
        while line := await reader.readline():
            writer.write(b'{"ok":true}\n' if _is_mask(line) else b'{"error":"this is a shell and no build"}\n')
            await writer.drain()


def _is_mask(line: bytes) -> bool:
    asked = json.loads(line)
    return isinstance(asked, dict) and asked.get("do") == "mask"
