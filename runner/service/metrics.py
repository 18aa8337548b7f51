"""What a service counts of itself, for Prometheus: one registry of its own, fed at one place for each thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from runner.scheduling.events import Command
from runner.service.questions import Overview
from runner.store.rows import BuildEnd, BuildRow

MOST_JOBS = 200
"""Jobs with figures of their own; those that come after them are counted as `OTHER` together."""
OTHER = "other"
DURATIONS_S = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)
LATENCIES_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


def _registry() -> CollectorRegistry:
    return CollectorRegistry(auto_describe=False)


@dataclass(slots=True)
class Metrics:
    """Counters go on from 0 after a restart, as Prometheus expects."""

    registry: CollectorRegistry = field(default_factory=_registry)
    ended: Counter = field(init=False)
    durations: Histogram = field(init=False)
    pick_up: Histogram = field(init=False)
    adopted: Counter = field(init=False)
    decisions: Counter = field(init=False)
    log_bytes: Counter = field(init=False)
    sts_calls: Counter = field(init=False)
    store_errors: Counter = field(init=False)
    queue_failures: Counter = field(init=False)
    queued: Gauge = field(init=False)
    running: Gauge = field(init=False)
    capacity: Gauge = field(init=False)
    queue_age: Gauge = field(init=False)
    loop_lag: Gauge = field(init=False)
    streams: Gauge = field(init=False)
    _jobs: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        to = {"registry": self.registry}
        self.ended = Counter("runner_builds_ended", "Builds that ended.", ["job", "status"], **to)
        self.durations = Histogram(
            "runner_build_seconds", "From the claim of a build to its end.", ["status"], buckets=DURATIONS_S, **to
        )
        self.pick_up = Histogram(
            "runner_pick_up_seconds", "From the queueing of a build to its claim.", buckets=LATENCIES_S, **to
        )
        self.adopted = Counter("runner_builds_adopted", "Builds taken over from a process that was gone.", **to)
        self.decisions = Counter("runner_decisions", "What the rules have decided.", ["kind"], **to)
        self.log_bytes = Counter("runner_log_bytes", "Logs of ended builds, as they stand on the disk.", **to)
        self.sts_calls = Counter("runner_sts_calls", "Roles assumed or renewed.", ["outcome"], **to)
        self.store_errors = Counter("runner_store_errors", "How often the store could not be used.", **to)
        self.queue_failures = Counter("runner_dispatch_failures", "What the queue could not do.", **to)
        self.queued = Gauge("runner_queue_builds", "Builds that wait for a slot.", ["pool"], **to)
        self.running = Gauge("runner_running_builds", "Builds that have a slot.", ["pool"], **to)
        self.capacity = Gauge("runner_pool_capacity", "Slots.", ["pool"], **to)
        self.queue_age = Gauge("runner_queue_age_seconds", "How long the eldest has waited.", ["pool"], **to)
        self.loop_lag = Gauge("runner_loop_lag_seconds", "How late the event loop was, at worst in a minute.", **to)
        self.streams = Gauge("runner_api_streams", "Logs that are being sent to somebody.", **to)

    def decided(self, command: Command) -> None:
        self.decisions.labels(type(command).__name__).inc()

    def claimed(self, row: BuildRow, *, adopted: bool) -> None:
        if adopted:
            self.adopted.inc()
        else:
            self.pick_up.observe(max(0.0, (datetime.now(UTC) - row.created_at).total_seconds()))

    def build_ended(self, row: BuildRow, end: BuildEnd, log_bytes: int) -> None:
        self.ended.labels(self._label(row.job), end.status).inc()
        self.log_bytes.inc(log_bytes)
        if row.started_at is not None:
            seconds = ((end.ended_at or datetime.now(UTC)) - row.started_at).total_seconds()
            self.durations.labels(end.status).observe(max(0.0, seconds))

    def seen(self, overview: Overview, capacity: dict[str, int]) -> None:
        """How the pools are now."""
        now = datetime.now(UTC)
        for gauge in (self.queued, self.running, self.capacity, self.queue_age):
            gauge.clear()
        for pool, slots in capacity.items():
            self.capacity.labels(pool).set(slots)
            self.queued.labels(pool).set(overview.queued.get(pool, 0))
            self.running.labels(pool).set(overview.used.get(pool, 0))
            oldest = overview.oldest.get(pool)
            self.queue_age.labels(pool).set(max(0.0, (now - oldest).total_seconds()) if oldest else 0)

    def _label(self, job: str) -> str:
        if job not in self._jobs and len(self._jobs) < MOST_JOBS:
            self._jobs.add(job)
        return job if job in self._jobs else OTHER
