"""A build that runs in a supervisor process, from the side of the event loop: what is told to it, and its result."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runner.execution import cgroups, identity
from runner.execution.model import RESULT, EndedBy, Result, encode_line, read_result
from runner.execution.patience import Patience
from runner.execution.remains import end_remains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.execution.identity import Identity
    from runner.secret import Secret


class Supervised(Protocol):
    """A build that runs in its own process."""

    @property
    def pid(self) -> int: ...

    async def wait(self) -> Result:
        """The result, once no process of the build is left. May be cancelled and awaited again."""

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """End the build soon: TERM, grace period, KILL. The result has the status `cancelled` and this reason, unless
        it had ended already."""

    def mask(self, secrets: Sequence[Secret]) -> None:
        """Hide these too in what is logged from now on."""

    def note(self, text: str, level: str = "warning") -> None:
        """Write a line of the runner's own (info, warning, error) into the log."""

    def leave(self) -> None:
        """Let go of a build that outlives this process: whoever adopts it goes on. `wait` ends no more."""


class Child:
    """What only the parent of a supervisor has: its status, and what it said on standard error."""

    def __init__(self, process: subprocess.Popen[bytes], errors: int) -> None:
        self._process = process
        self._errors = errors

    def ending(self) -> str:
        """How it ended, for a build whose result is missing."""
        said = os.pread(self._errors, 64 * 1024, 0).decode("utf-8", "replace").strip()
        os.close(self._errors)
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        last = said.rpartition("\n")[2]
        return f"{how}{f': {last}' if last else ''}"

    def leave(self) -> None:
        """It is nobody's child from here on: nothing waits for its status."""
        os.close(self._errors)
        self._process.returncode = 0


class LocalBuild:
    """A supervisor that runs, our own child or one that was adopted."""

    def __init__(
        self,
        place: Path,
        pid: int,
        pidfd: int,
        patience: Patience,
        child: Child | None,
        known: Identity | None = None,
    ) -> None:
        self.pid = pid
        self._patience = patience
        self._place = place
        self._child = child
        self._identity = known
        self._started_at = datetime.now(UTC)
        self._transport: asyncio.WriteTransport | None = None
        self._ended = asyncio.Event()
        self._result: Result | None = None
        self._settling = asyncio.Lock()
        self._pidfd = pidfd
        asyncio.get_running_loop().add_reader(self._pidfd, self._end)

    async def connect(self, control: socket.socket, first: bytes) -> None:
        """Take the socket and say the first line. What the socket does not take at once, the loop sends later."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_unix_connection(asyncio.Protocol, sock=control)
        if first:
            self._transport.write(first)

    async def wait(self) -> Result:
        await self._ended.wait()
        async with self._settling:
            if self._result is None:
                said = self._child.ending() if self._child else "it is no child of this process"
                said = "it did not answer and was killed" if self._patience.killed else said
                known = self._identity or await asyncio.to_thread(identity.find, self._place)
                self._result = await settled(self._place, known, said, self._started_at)
        return self._result

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        self._tell(encode_line({"do": "cancel", "reason": reason, "by": by}))
        if not self._ended.is_set():
            self._patience.expect_its_end()

    def mask(self, secrets: Sequence[Secret]) -> None:
        self._tell(encode_line({"do": "mask", "values": [secret.reveal() for secret in secrets]}))

    def note(self, text: str, level: str = "warning") -> None:
        self._tell(encode_line({"do": "note", "text": text, "level": level}))

    def leave(self) -> None:
        if not self._ended.is_set():
            self._let_go()
            if self._child:
                self._child.leave()

    def _tell(self, line: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(line)

    def _end(self) -> None:
        """The supervisor has ended: let go of everything that belonged to it."""
        self._let_go()
        self._ended.set()

    def _let_go(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self._patience.close()
        os.close(self._pidfd)
        if self._transport:
            self._transport.abort()


class EndedBuild:
    """A build whose supervisor has ended while nobody waited for it."""

    def __init__(self, place: Path, known: Identity) -> None:
        self.pid = known.pid
        self._place = place
        self._identity = known

    async def wait(self) -> Result:
        return await settled(self._place, self._identity, "nobody saw how", datetime.now(UTC))

    def cancel(self, reason: str, by: EndedBy = EndedBy.USER) -> None:
        """It has ended already."""

    def mask(self, secrets: Sequence[Secret]) -> None:
        """It logs nothing any more."""

    def note(self, text: str, level: str = "warning") -> None:
        """It logs nothing any more."""

    def leave(self) -> None:
        """There is nothing to let go of."""


async def settled(place: Path, known: Identity | None, how: str, started_at: datetime) -> Result:
    """The result of a build whose supervisor has ended: the one it left, else an error; then what is left of its
    processes is ended here."""
    try:
        result = read_result(place / RESULT)
    except FileNotFoundError:
        left = await asyncio.to_thread(end_remains, place, known.groups if known else ())
    else:
        for group in known.groups if known else ():
            cgroups.remove(group)  # where it was killed after its last word
        return result
    restarted = known is not None and not known.of_this_boot
    reason = "the host was restarted" if restarted else f"the supervisor ended without a result ({how})"
    return Result(
        status="error",
        exit_code=None,
        signal=None,
        reason=reason,
        by=EndedBy.HOST_RESTART if restarted else EndedBy.RUNNER,
        left=tuple(left),
        task=None,
        seq=0,
        next_id=0,
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )
