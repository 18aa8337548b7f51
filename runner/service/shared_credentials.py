"""Credentials of a service: opened when the first build needs a role, since AWS costs a service without roles time and
memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from runner.errors import CredentialsError, RunnerError, StoreError
from runner.secret import Secret
from runner.service.credentials import NoRoles
from runner.service.ports import Credentials, Grant, RoleUse
from runner.store.rows import BuildRow
from runner.store.runs import Runs

log = structlog.stdlib.get_logger("runner.credentials")


class SharedCredentials:
    """`run` is the task that has them open. `always`: builds without a role want them too (the sandbox)."""

    def __init__(
        self, open_: Callable[[AsyncExitStack], Awaitable[Credentials]], ledger: Runs, *, always: bool = False
    ) -> None:
        self._open = open_
        self._ledger = ledger
        self._always = always
        self._wanted = asyncio.Event()
        self._answers: list[asyncio.Future[Credentials]] = []
        self._opened: Credentials | None = None

    async def run(self) -> None:
        """Open them when they are wanted; they are closed when this is cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            async with AsyncExitStack() as stack:
                try:
                    self._opened = await self._open(stack)
                except (RunnerError, OSError) as error:
                    log.error("credentials.unusable", error=str(error))
                    known = error if isinstance(error, CredentialsError | StoreError) else CredentialsError(str(error))
                    for answer in self._unanswered():
                        answer.set_exception(known)
                    continue
                for answer in self._unanswered():
                    answer.set_result(self._opened)
                log.info("credentials.opened")
                await asyncio.get_running_loop().create_future()  # until we are cancelled

    async def grant(
        self,
        build: BuildRow,
        roles: Sequence[RoleUse],
        *,
        config_file: Path,
        renewed: Callable[[Sequence[Secret]], None],
        warn: Callable[[str], None],
    ) -> Grant:
        """Raises CredentialsError, StoreError."""
        credentials = await self._credentials() if roles or self._always else NoRoles()
        return await credentials.grant(build, roles, config_file=config_file, renewed=renewed, warn=warn)

    async def restore(
        self, build: BuildRow, *, renewed: Callable[[Sequence[Secret]], None], warn: Callable[[str], None]
    ) -> Grant:
        """Where AWS cannot be reached the build goes on with what it has. Raises StoreError."""
        if not await self._ledger.leases(build.id):
            return await NoRoles().restore(build, renewed=renewed, warn=warn)
        try:
            credentials = await self._credentials()
        except CredentialsError as error:
            warn(f"AWS: this build gets no more credentials after a restart of the service: {error}")
            return await NoRoles().restore(build, renewed=renewed, warn=warn)
        return await credentials.restore(build, renewed=renewed, warn=warn)

    async def _credentials(self) -> Credentials:
        if self._opened is not None:
            return self._opened
        answer: asyncio.Future[Credentials] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._wanted.set()
        return await answer

    def _unanswered(self) -> list[asyncio.Future[Credentials]]:
        """Who still waits; from now on nobody does."""
        waiting = [answer for answer in self._answers if not answer.done()]
        self._answers.clear()
        return waiting
