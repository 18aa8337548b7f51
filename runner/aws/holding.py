"""One set of credentials, kept fresh for every lease that asked for the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runner.aws.lease import Assumed, Assumer, AssumeRequest, LeaseRequest
from runner.errors import CredentialsError


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When credentials are renewed.

    `renew`: a renewal begins with at least this much left (SDKs ask again from 15 minutes before the end; with less
    than that left, every single call of theirs would come here). `least`: with less left, something better is looked
    for first. `jitter` spreads the renewals of many builds. After a failure the pause doubles from `pause` to `most`.
    """

    renew: timedelta = timedelta(minutes=20)
    least: timedelta = timedelta(minutes=15)
    jitter: float = 0.1
    pause: timedelta = timedelta(seconds=1)
    most: timedelta = timedelta(seconds=30)
    now: Callable[[], datetime] = utc_now


class Holding:
    """Credentials for one request and the leases that use them. `keep` is its task: it assumes the role at once and
    again in time, until it is cancelled. There is never more than one call to STS under way. `restored`: its users had
    credentials of the same role from another process before, so they must be told of the first ones too."""

    def __init__(self, assumer: Assumer, request: AssumeRequest, timing: Timing) -> None:
        self.request = request
        self.current: Assumed | None = None
        self.failure: CredentialsError | None = None
        self.users: dict[bytes, LeaseRequest] = {}
        self.restored = False
        self._assumer = assumer
        self._timing = timing
        self._failures = 0
        self._busy = True
        self._due = timing.now()
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._said_expired = False

    def left(self) -> timedelta:
        """How long the present credentials last; zero or less where there are none or they have expired."""
        return self.current.expiration - self._timing.now() if self.current else timedelta()

    async def better(self) -> Assumed:
        """The present credentials if they last, else what one attempt gives. Raises CredentialsError if nothing is
        valid then."""
        if self.current is None or self.left() < self._timing.least:
            if not self._busy:
                self._begin()
            await self._settled.wait()
        if self.current is None or self.left() <= timedelta():
            raise self.failure or CredentialsError(
                f"the role {self.request.role} was not assumed: the runner is ending"
            )
        return self.current

    def look(self) -> None:
        """Try now if the next attempt is overdue: timers stand still while a host sleeps, credentials do not."""
        if not self._busy and self._timing.now() > self._due + self._timing.pause:
            self._begin()

    def end(self) -> None:
        """Let go of whoever waits; nothing is tried any more."""
        self._settled.set()

    async def keep(self) -> None:
        while True:
            await self._attempt()
            delay = self._delay()
            self._due = self._timing.now() + delay
            with suppress(TimeoutError):
                async with asyncio.timeout(delay.total_seconds()):
                    await self._wake.wait()

    def _begin(self) -> None:
        self._busy = True
        self._settled.clear()
        self._wake.set()

    async def _attempt(self) -> None:
        self._busy = True
        self._settled.clear()
        self._wake.clear()
        try:
            assumed = await self._assumer.assume(self.request)
        except CredentialsError as error:
            self._failed(error)
        else:
            self._renewed(assumed)
        finally:
            self._busy = False
            self._settled.set()

    def _renewed(self, assumed: Assumed) -> None:
        if self.current is not None or self.restored:
            for user in self.users.values():
                user.on_renewed(assumed.secrets)  # before the first byte of them can reach a log
        self.current, self.failure = assumed, None
        self._failures, self._said_expired = 0, False

    def _failed(self, error: CredentialsError) -> None:
        self.failure = error
        self._failures += 1
        if self.current is None:
            if self.restored and self._failures == 1:
                self._warn(f"AWS: the credentials cannot be renewed yet (trying again): {error}")
            return
        expired = self.left() <= timedelta()
        if expired and not self._said_expired:
            self._said_expired = True
            self._warn(f"AWS: the credentials have expired and cannot be renewed: {error}")
        elif self._failures == 1:
            until = self.current.expiration.strftime("%H:%M:%SZ")
            self._warn(f"AWS: the credentials cannot be renewed yet (they last until {until}; trying again): {error}")

    def _warn(self, sentence: str) -> None:
        for user in self.users.values():
            user.on_warning(sentence)

    def _delay(self) -> timedelta:
        timing = self._timing
        if self._failures:
            pause = timing.pause * (1 << min(self._failures - 1, 10))
            return min(pause, timing.most) * random.uniform(1 - timing.jitter, 1 + timing.jitter)
        left = self.left()
        spare = (left - timing.renew) * random.uniform(1 - 2 * timing.jitter, 1)
        return spare if spare > timedelta() else max(left / 2, timing.pause)
