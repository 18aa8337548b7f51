"""The broker: leases of AWS credentials for builds, renewed for as long as a build runs, dead when it ends."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from runner.aws.endpoint import Endpoint, Granted, Refused
from runner.aws.holding import Holding, Timing
from runner.aws.lease import Assumer, AssumeRequest, Lease, LeaseRequest, token_digest
from runner.secret import Secret

_RATE, _BURST = 50.0, 200.0
"""Hand-outs a second and at once for one token: a hundred processes may start together, a runaway loop may not."""

_CLOSED = "The token of this job is unknown or its build has ended."
_TOO_MANY = "This job asks for its credentials more than 50 times a second; an SDK keeps them for the process."


@dataclass(slots=True)
class _Grant:
    """A live token: what it opens, and its allowance of hand-outs."""

    holding: Holding
    allowance: float = _BURST
    counted_at: float = field(default_factory=time.monotonic)

    def allowed(self) -> bool:
        now = time.monotonic()
        self.allowance = min(_BURST, self.allowance + (now - self.counted_at) * _RATE)
        self.counted_at = now
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True


class Broker:
    """Open it once with `async with`; it owns the endpoint and the renewals. The assumer must outlive it. `port` is
    where the endpoint is wanted, for builds that know it already; 0: anywhere; `listening` a socket for it that is
    there."""

    def __init__(
        self,
        assumer: Assumer,
        timing: Timing | None = None,
        port: int = 0,
        listening: socket.socket | None = None,
    ) -> None:
        self._assumer = assumer
        self._timing = timing or Timing()
        self._endpoint = Endpoint(self, port, listening)
        self._stack = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()
        self._grants: dict[bytes, _Grant] = {}
        self._holdings: dict[AssumeRequest, tuple[Holding, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._tasks)
        await self._stack.enter_async_context(self._endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grants.clear()
        for holding, task in self._holdings.values():
            holding.end()
            task.cancel()
        # Not told of the error: a task group would wrap the caller's own exception in a group.
        await self._stack.aclose()

    @property
    def port(self) -> int:
        return self._endpoint.port

    @property
    def moved(self) -> bool:
        """Whether the endpoint is not where it was wanted: builds that know the old port get no answers."""
        return self._endpoint.moved

    async def lease(self, request: LeaseRequest) -> Lease:
        """Assume the role of a build's integration before anything of the build runs.

        Raises CredentialsError. Leases with an equal `assume` share one session and one call to STS.
        """
        token = secrets.token_urlsafe(32)
        digest = token_digest(token)
        holding = self._holding(request.assume)
        holding.users[digest] = request
        try:
            first = await holding.better()
        except BaseException:
            self._release(holding, digest)
            raise
        self._grants[digest] = _Grant(holding)
        return Lease(
            token=Secret(token),
            uri=self._endpoint.uri,
            integration=request.integration,
            assume=request.assume,
            region=request.region,
            deliver=request.deliver,
            first=first,
        )

    def restore(self, digest: bytes, request: LeaseRequest) -> None:
        """Answer a token again that another process gave to a build; the role is assumed in the background, and every
        secret of it is told to the request."""
        holding = self._holding(request.assume)
        holding.restored = True
        holding.users[digest] = request
        self._grants[digest] = _Grant(holding)

    def revoke(self, digest: bytes) -> None:
        """End the lease of a token: it is dead at once; what AWS has given lasts until it expires. Harmless twice."""
        if grant := self._grants.pop(digest, None):
            self._release(grant.holding, digest)

    def hand_out(self, digest: bytes) -> Granted | Refused:
        """The endpoint's question; answered from memory, never by a call to STS."""
        grant = self._grants.get(digest)
        if grant is None:
            return Refused(status=403, code="UnknownToken", message=_CLOSED)
        if not grant.allowed():
            return Refused(status=429, code="TooManyRequests", message=_TOO_MANY)
        holding = grant.holding
        holding.look()
        if holding.current is None or holding.left() <= timedelta():
            reason = f"The credentials have expired and could not be renewed yet: {holding.failure or 'trying now'}."
            return Refused(status=503, code="Expired", message=reason)
        return Granted(request=holding.request, credentials=holding.current)

    def _holding(self, request: AssumeRequest) -> Holding:
        if request not in self._holdings:
            holding = Holding(self._assumer, request, self._timing)
            name = f"credentials of {request.role.name} ({request.session})"
            self._holdings[request] = (holding, self._tasks.create_task(holding.keep(), name=name))
        return self._holdings[request][0]

    def _release(self, holding: Holding, digest: bytes) -> None:
        """Take a user off a set of credentials; nobody renews what nobody uses."""
        holding.users.pop(digest, None)
        if not holding.users and (kept := self._holdings.pop(holding.request, None)):
            kept[1].cancel()
