"""Telling people of builds: what the store says is to be told is sent, in tasks of their own, until it is done with.

Nothing here delays a build or fails it. An attempt is recorded before it is made, so that a process that is killed in
the middle leaves a message that is sent again, rather than one that nobody gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from runner.errors import RunnerError, StoreError
from runner.notifications.destinations import Addressed
from runner.notifications.letter import Letter, Sender
from runner.notifications.news import News, spoken
from runner.notifications.outcome import Attempt
from runner.notifications.patience import Clock, Patience, SystemClock
from runner.store import notices
from runner.store.notices import NoticeRow
from runner.store.rows import BuildRow, build_row
from runner.store.sqlite import Transaction
from runner.store.store import Store

AT_ONCE = 8
ATTEMPT = timedelta(seconds=60)
"""How long one attempt may take, to all its recipients."""
AGAIN = timedelta(seconds=15)
"""When the store is looked into again that could not be used."""


class Addresses(Protocol):
    """Knows whom a notice goes to and what it says. Raises RunnerError where that cannot be."""

    async def of(self, build: BuildRow, notice: NoticeRow) -> Addressed: ...

    async def news(self, build: BuildRow, notice: NoticeRow) -> News: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one attempt, for whoever watches. `again` is when the next one is due; None: it is done with."""

    build: BuildRow
    notice: NoticeRow
    attempt: Attempt
    again: datetime | None
    text: str

    @property
    def complete(self) -> bool:
        return not (self.attempt.refused or self.attempt.later)


class Watcher(Protocol):
    """Who watches. Neither may block."""

    def told(self, told: Told) -> None: ...

    def trouble(self, error: StoreError) -> None:
        """The store cannot be used; it is tried again."""


class Courier:
    """`run` sends until it is cancelled; `look` says that there may be something new. `run_id`: only what is to be told
    of the builds of this run. `sender` is asked for when something is sent first."""

    def __init__(
        self,
        store: Store,
        addresses: Addresses,
        sender: Callable[[], Sender],
        patience: Callable[[], Patience],
        watcher: Watcher,
        *,
        run_id: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._sender = sender
        self._patience = patience
        self._watcher = watcher
        self._run_id = run_id
        self._clock = clock or SystemClock()
        self._woken = asyncio.Event()
        self._changed = asyncio.Event()
        self._sending: set[int] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hurried = False

    def look(self) -> None:
        self._woken.set()

    def hurry(self) -> None:
        """Let nobody wait in `drained` any longer."""
        self._hurried = True
        self._tell_change()

    async def run(self) -> None:
        """Send what is due until cancelled; at first everything is, since the last process may have ended in the middle
        of an attempt, and what was in the way may have ended with it."""
        try:
            if await self._store.read(lambda tx: notices.open_notices(tx, self._run_id, 1)):  # else nothing is written
                await self._store.transaction(lambda tx: notices.bring_forward(tx, self._run_id, self._clock.now()))
        except StoreError as error:
            self._watcher.trouble(error)
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                await self._clock.wait(self._woken, await self._begin(group))

    async def settled(self, build_id: int, limit: timedelta) -> tuple[NoticeRow, ...]:
        """Wait until there was an attempt at everything that is to be told of a build, but no longer than that; gives
        what there was none at. Raises StoreError."""
        self.look()
        rows: tuple[NoticeRow, ...] = ()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit.total_seconds()):
                while True:
                    changed = self._changed
                    rows = tuple(await self._store.read(lambda tx: notices.of_build(tx, build_id)))
                    rows = tuple(row for row in rows if self._is_new(row))
                    if not rows:
                        return ()
                    await changed.wait()
        return rows

    async def drained(self, limit: timedelta) -> int:
        """Wait until everything is done with, but no longer than that; gives how much is not. Raises StoreError."""
        self.look()
        left = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit.total_seconds()):
                while True:
                    changed = self._changed
                    left = len(await self._store.read(lambda tx: notices.open_notices(tx, self._run_id)))
                    if not left or self._hurried:
                        return left
                    await changed.wait()
        return left

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _is_new(self, row: NoticeRow) -> bool:
        return row.next_at is not None and (not row.attempts or row.id in self._sending)

    async def _begin(self, group: asyncio.TaskGroup) -> datetime | None:
        """Begin every attempt that is due; gives when the next one will be."""
        try:
            rows = await self._store.read(lambda tx: notices.open_notices(tx, self._run_id))
        except StoreError as error:
            self._watcher.trouble(error)
            return self._clock.now() + AGAIN
        later = []
        for row in rows:
            if row.id in self._sending or row.next_at is None:
                continue
            if row.next_at > self._clock.now():
                later.append(row.next_at)
                continue
            self._sending.add(row.id)
            group.create_task(self._attend(row), name=f"notice {row.id}")
        return min(later, default=None)

    async def _attend(self, notice: NoticeRow) -> None:
        try:
            async with self._slots:
                await self._attempt(notice)
        except StoreError as error:
            self._watcher.trouble(error)
        finally:
            self._sending.discard(notice.id)
            self._tell_change()
            self.look()

    async def _attempt(self, notice: NoticeRow) -> None:
        """Raises StoreError."""
        until = self._clock.now() + ATTEMPT

        def take(tx: Transaction) -> BuildRow | None:
            row = tx.row("build", id=notice.build_id)
            return build_row(row) if row is not None and notices.take(tx, notice, until) else None

        build = await self._store.transaction(take)
        if build is None:
            return
        attempt = await self._send(build, notice)
        done = {**notice.done, **dict.fromkeys(attempt.told), **dict(attempt.refused)}
        again = None
        if attempt.later:
            now = self._clock.now()
            again = self._patience().next(notice.created_at, notice.attempts + 1, now, attempt.after)
        outcome = "; ".join(dict.fromkeys(text for _, text in (*attempt.refused, *attempt.later))) or None
        await self._store.transaction(lambda tx: notices.keep(tx, notice.id, done, outcome, again))
        text = _text(notice, attempt, None if again is None else again - self._clock.now())
        self._watcher.told(Told(build=build, notice=notice, attempt=attempt, again=again, text=text))

    async def _send(self, build: BuildRow, notice: NoticeRow) -> Attempt:
        try:
            addressed = await self._addresses.of(build, notice)
            news = await self._addresses.news(build, notice)
        except StoreError:
            raise
        except RunnerError as error:
            return Attempt(refused=(("", str(error)),))
        recipients = [name for name in addressed.recipients if name not in notice.done]
        letter = Letter(
            news=news,
            addressed=addressed,
            recipients=recipients,
            identity=f"notice-{notice.id}.build-{build.id}.{int(notice.created_at.timestamp())}",
            at=notice.created_at,
        )
        try:
            async with asyncio.timeout(ATTEMPT.total_seconds()) as ours:
                return await self._sender().send(letter)
        except TimeoutError:
            if not ours.expired():
                raise
            sentence = f"no answer within {ATTEMPT.total_seconds():g} s"
            return Attempt(later=tuple((name, sentence) for name in recipients))


def _text(notice: NoticeRow, attempt: Attempt, pause: timedelta | None) -> str:
    """One sentence for the log of the build."""
    parts = []
    if attempt.told:
        named = ", ".join(name for name in attempt.told if name)
        parts.append(f"told {named}" if named else "told")
    parts += [f"{_named(name)}not told: {sentence}" for name, sentence in _grouped(attempt.refused)]
    if attempt.later:
        then = (
            "nothing more is tried"
            if pause is None
            else f"tried again in {spoken(timedelta(seconds=math.ceil(pause.total_seconds())))}"
        )
        parts += [f"{_named(name)}not told: {text}; {then}" for name, text in _grouped(attempt.later)]
    return f"{notice_name(notice)} ({notice.moment}): {'; '.join(parts)}"


def notice_name(notice: NoticeRow) -> str:
    """A notice as people know it from their file."""
    return notice.target if notice.address is not None else f"NOTIFY {notice.target}"


def _named(names: str) -> str:
    return f"{names} " if names else ""


def _grouped(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those with the same sentence together: names and sentence."""
    by_sentence: dict[str, list[str]] = {}
    for name, sentence in pairs:
        by_sentence.setdefault(sentence, []).append(name)
    return [(", ".join(filter(None, names)), sentence) for sentence, names in by_sentence.items()]
