"""Whom a notice goes to, and what it says: from the files that its build ran with, and from what is recorded of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from runner.logs.failing import failing_snippet
from runner.logs.records import DamagedLogError
from runner.notifications.destinations import Addressed, addressed, recipients_of
from runner.notifications.news import STARTED, Moment, News
from runner.service.engine import Engine
from runner.store.notices import NoticeRow
from runner.store.rows import BuildRow
from runner.store.store import Store


class HookAddresses:
    """`engine_of` gives the engine of a build; `log_of` says in words where its log is."""

    def __init__(
        self, store: Store, engine_of: Callable[[BuildRow], Awaitable[Engine]], log_of: Callable[[BuildRow], str]
    ) -> None:
        self._store = store
        self._engine_of = engine_of
        self._log_of = log_of

    async def of(self, build: BuildRow, notice: NoticeRow) -> Addressed:
        """Raises SetupError, NotSentError."""
        engine = await self._engine_of(build)
        if (known := notice.address) is not None:
            name = known.integration
            integration = await engine.inputs.resolved(name) if name is not None else None
            return addressed(known.method, known.recipients, integration, known.payload)
        resource, integration = await engine.inputs.notification(notice.target)
        bag = resource.property_bag
        method = bag.get("method")
        return addressed(method if isinstance(method, str) else None, recipients_of(bag.get("recipients")), integration)

    async def news(self, build: BuildRow, notice: NoticeRow) -> News:
        ended = build.ended_at if notice.moment != Moment.ON_START else None
        began = build.started_at or build.created_at
        return News(
            build=build.id,
            name=build.name,
            job=build.job,
            number=build.number,
            status=build.status if ended is not None else STARTED,
            triggered_by=build.triggered_by,
            log=self._log_of(build),
            reason=build.reason if ended is not None else None,
            duration=ended - began if isinstance(ended, datetime) else None,
            by=build.requested_by,
            about=notice.about,
            snippet=await asyncio.to_thread(self._snippet, build) if notice.snippet and ended is not None else "",
        )

    def _snippet(self, build: BuildRow) -> str:
        """What failed, as far as its log still tells."""
        if build.status not in ("failure", "timeout", "unstable"):
            return ""
        try:
            return failing_snippet(self._store.build_directory(build.id) / "log.jsonl")
        except (OSError, DamagedLogError) as error:
            return f"(the log cannot be read: {error})"
