"""What the log of a build says of the people who were told of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from runner.errors import StoreError
from runner.execution.launcher import Supervised
from runner.service.courier import notice_name
from runner.service.journal import Journal
from runner.store.notices import add
from runner.store.rows import NewNotice

if TYPE_CHECKING:
    from runner.service.engine import Engine

HEARD = timedelta(seconds=2)
"""How long the last record of a log waits for what comes of the first attempts: the build has its end by then, and what
hangs on it has begun."""


class Tidings:
    """Keeps what cannot be written yet: before a supervisor has the log, and after."""

    def __init__(self, engine: Engine, build_id: int) -> None:
        self._engine = engine
        self._build_id = build_id
        self._kept: list[tuple[str, str]] = []
        self._any = False

    def of(self, notices: Sequence[NewNotice]) -> tuple[NewNotice, ...]:
        """The same notices, where somebody sends them."""
        if self._engine.courier is None:
            return ()
        self._any = self._any or bool(notices)
        return tuple(notices)

    async def begin(self, notices: Sequence[NewNotice]) -> None:
        """Record what is to be told of the start. Raises StoreError where the store cannot be waited for."""
        engine, told = self._engine, self.of(notices)
        if told and engine.courier is not None:
            await engine.persist(lambda: engine.store.transaction(lambda tx: add(tx, self._build_id, told)))
            engine.courier.look()

    def keep(self, text: str, level: str) -> None:
        self._kept.append((text, level))

    def hand_over(self, supervised: Supervised) -> None:
        """Let the supervisor write what was kept."""
        for text, level in self._kept:
            supervised.note(text, level)
        self._kept.clear()

    async def close(self, journal: Journal) -> None:
        """Wait a moment for what is to be told of the end, and write what came of it. Raises OSError,
        DamagedLogError."""
        waiting: Sequence[str] = ()
        if self._any and (courier := self._engine.courier) is not None:
            with contextlib.suppress(StoreError):  # the courier says so
                waiting = [notice_name(row) for row in await courier.settled(self._build_id, HEARD)]
        if not self._kept and not waiting:
            return
        with journal.section("Notifications") as section:
            for text, level in self._kept:
                section.note(text) if level == "info" else section.warn(text)
            for target in dict.fromkeys(waiting):
                section.note(f"{target}: on its way")
        self._kept.clear()
