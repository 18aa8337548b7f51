"""A service put together: its parts, and the tasks that keep them going."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from runner.api.listeners import Listeners
from runner.api.routes import ROUTES
from runner.api.server import Api
from runner.daemon.engines import ServiceEngines
from runner.daemon.settled import intervals, pipeline_files
from runner.daemon.telling import report
from runner.dispatch.local import Local
from runner.dispatch.seam import AttemptId
from runner.errors import RunnerError, StoreError
from runner.scheduling.events import PoolsSet
from runner.service.building import Building
from runner.service.courier import Courier
from runner.service.decisions import HOST_POOL, Decisions, Facts
from runner.service.deliveries import Deliveries
from runner.service.engines import Engines
from runner.service.metrics import Metrics
from runner.service.orders import Orders
from runner.service.pipelines import Pipelines
from runner.service.polling import Polling
from runner.service.questions import Questions
from runner.service.retention import Retention
from runner.service.settings import Settings
from runner.service.ticking import Ticking
from runner.service.tidying import tidy_all
from runner.service.tokens import Tokens
from runner.service.watching import Watching
from runner.store.rows import BuildRow
from runner.store.store import Store

WORKER = "service"
"""The name under which this host's service claims builds: the same after every restart."""
SLOTS = 1_000_000
TOKENS_S = 60.0

log = structlog.stdlib.get_logger("runner.service")


@dataclass(slots=True, kw_only=True)
class Service:
    """A service that is open; `run` lives until it is told to end."""

    settings: Settings
    store: Store
    decisions: Decisions
    engines: Engines
    questions: Questions
    orders: Orders
    pipelines: Pipelines
    building: Building
    deliveries: Deliveries
    dispatch: Local
    made: ServiceEngines
    courier: Courier
    ticking: Ticking
    watching: Watching
    polling: Polling
    retention: Retention
    listeners: Listeners
    tokens: Tokens
    metrics: Metrics
    untidy: Sequence[BuildRow]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until `stopping` is set: then nothing more is begun, and what runs is left to its supervisors. `ready`
        is called when everything has begun."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._dispatch(), name="dispatch"),
                group.create_task(self.watching.run(), name="pipelines"),
                group.create_task(self.ticking.run(), name="clock"),
                group.create_task(self.polling.run(), name="repositories"),
                group.create_task(self.made.credentials.run(), name="credentials"),
                group.create_task(self.courier.run(), name="courier"),
                group.create_task(self._clear_away(), name="retention"),
                group.create_task(self._note_tokens(), name="tokens"),
                group.create_task(Api(self, self.listeners, ROUTES).run(), name="api"),
            ]
            ready()
            await self.stopping.wait()
            self.dispatch.hold()
            for task in tasks:
                task.cancel()

    async def take_over(self, settings: Settings) -> None:
        """Go on with these settings. Raises UsageError, StoreError; then the old ones hold, until somebody asks
        again."""
        old = self.settings
        try:
            self._use(settings)
            await self.decisions.decide(lambda tx, rules: Facts(None, [PoolsSet(settings.pools)]))
            await self.pipelines.apply_again()
        except RunnerError:
            self._use(old)
            raise
        self.ticking.look_again()
        self.polling.look_again()
        self.watching.replace(intervals(settings))
        self.retention.look_now()

    def _use(self, settings: Settings) -> None:
        self.made.take_over(settings)
        self.settings = settings
        self.engines.integrations_file = settings.integrations
        self.pipelines.watched, self.pipelines.pools = pipeline_files(settings), settings.pools

    async def _note_tokens(self) -> None:
        """Write down now and then which tokens were used."""
        while True:
            await asyncio.sleep(TOKENS_S)
            try:
                await self.tokens.record_use()
            except StoreError as error:
                log.warning("tokens.use_not_recorded", error=str(error))

    async def _clear_away(self) -> None:
        """What the last service left is tidied before any of it may go."""
        await tidy_all(self.store, self.untidy, _not_tidied)
        await self.retention.run()

    async def _dispatch(self) -> None:
        """How much runs at once is decided by the rules: what they give out is claimed at once."""
        await self.dispatch.serve([HOST_POOL], SLOTS, self.building.run, worker=WORKER, report=self._report)

    def _report(self, error: Exception, attempt: AttemptId | None) -> None:
        self.metrics.queue_failures.inc()
        report(error, attempt)


def _not_tidied(text: str) -> None:
    log.warning("build.not_tidied", error=text)
