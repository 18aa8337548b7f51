"""References: values that stand elsewhere (the environment, a file, a command's output), fetched when needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from runner.errors import SetupError
from runner.secret import Secret

COMMAND_LIMIT = timedelta(seconds=30)
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class EnvReference:
    """`{env: NAME}`: a variable of the runner's own environment."""

    name: str

    def __str__(self) -> str:
        return f"{{env: {self.name}}}"


@dataclass(frozen=True, slots=True)
class FileReference:
    """`{file: PATH}`: the whole file without its last newline. The path is absolute here."""

    path: Path

    def __str__(self) -> str:
        return f"{{file: {self.path}}}"


@dataclass(frozen=True, slots=True)
class CommandReference:
    """`{command: [...]}`: what the program prints, without its last newline. No shell; run in `directory`."""

    argv: tuple[str, ...]
    directory: Path

    def __str__(self) -> str:
        return f"{{command: [{self.argv[0]}, ...]}}" if len(self.argv) > 1 else f"{{command: [{self.argv[0]}]}}"


Reference: TypeAlias = EnvReference | FileReference | CommandReference


async def fetch(reference: Reference, environ: Mapping[str, str], limit: timedelta = COMMAND_LIMIT) -> Secret:
    """The value. Raises SetupError with a sentence that says what failed and never shows a value."""
    match reference:
        case EnvReference(name):
            if name not in environ:
                raise SetupError(f"{reference}: the environment variable {name} is not set")
            return Secret(environ[name])
        case FileReference(path):
            return Secret(_text(_file_content(path), reference))
        case CommandReference():
            return Secret(_text(await _output(reference, limit), reference))


def _file_content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SetupError(f"the file {path} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise SetupError(f"the file {path} is larger than 1 MiB, which no value of an integration is")
    return content


def _text(content: bytes, reference: Reference) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise SetupError(f"{reference}: the value is not UTF-8 text") from None  # the cause would show bytes of it
    if "\0" in text:
        raise SetupError(f"{reference}: the value holds a NUL character, which no variable can")
    return text.removesuffix("\r\n" if text.endswith("\r\n") else "\n")


async def _output(reference: CommandReference, limit: timedelta) -> bytes:
    """Standard output of a command that succeeded; nothing of it is left when this returns or is cancelled.

    It writes into memory files: no pipe that a process left behind could keep open.
    """
    with _memory_file() as out, _memory_file() as err:
        process = _start(reference, out, err)
        try:
            async with asyncio.timeout(limit.total_seconds()) as ours:
                await _exited(process.pid)
        except TimeoutError:
            if not ours.expired():
                raise
            raise SetupError(f"{reference}: no answer within {limit.total_seconds():g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            raise SetupError(f"{reference}: {_ending(process.returncode)}{_said(os.pread(err, _MOST_BYTES, 0))}")
        return os.pread(out, _MOST_BYTES, 0)


def _start(reference: CommandReference, out: int, err: int) -> subprocess.Popen[bytes]:
    """The command in a session of its own."""
    try:
        return subprocess.Popen(
            reference.argv,
            cwd=reference.directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        raise SetupError(f"{reference}: {reference.argv[0]} cannot be started: {error.strerror}") from error


@contextlib.contextmanager
def _memory_file() -> Iterator[int]:
    descriptor = os.memfd_create("reference", os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _exited(pid: int) -> None:
    """Returns when the process has ended; it stays a zombie until somebody waits for it."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _ending(code: int) -> str:
    return f"exit status {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"


def _said(stderr: bytes) -> str:
    """The end of standard error as one line."""
    said = " ".join(stderr.decode(errors="replace").split())
    return f": {said[-400:]}" if said else ", and nothing on its standard error"
