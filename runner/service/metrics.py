"""What a service counts of itself, for Prometheus: one registry of its own, fed at one place for each thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from runner.scheduling.events import Command
from runner.service.ports import Ended
from runner.service.questions import Overview
from runner.store.rows import BuildRow

MOST_JOBS = 200
"""Jobs with figures of their own; those that come after them are counted as `OTHER` together."""
OTHER = "other"
DURATIONS_S = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)
LATENCIES_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class Metrics:
    """Counters begin with 0 after a restart, as Prometheus expects."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self._jobs: set[str] = set()
        self._store_errors = 0
        self.ended = Counter("runner_builds_ended", "Builds that ended.", ["job", "status"], registry=registry)
        self.durations = Histogram(
            "runner_build_seconds",
            "From the claim of a build to its end.",
            ["status"],
            buckets=DURATIONS_S,
            registry=registry,
        )
        self.pick_up = Histogram(
            "runner_pick_up_seconds",
            "From the queueing of a build to its claim.",
            buckets=LATENCIES_S,
            registry=registry,
        )
        self.adopted = Counter(
            "runner_builds_adopted", "Builds taken over from a process that was gone.", registry=registry
        )
        self.decisions = Counter("runner_decisions", "What the rules have decided.", ["kind"], registry=registry)
        self.log_bytes = Counter(
            "runner_log_bytes", "Logs of ended builds, as they stand on the disk.", registry=registry
        )
        self.notifications = Counter(
            "runner_notifications", "Attempts to tell somebody of a build.", ["outcome"], registry=registry
        )
        self.sts_calls = Counter("runner_sts_calls", "Roles assumed or renewed.", ["outcome"], registry=registry)
        self.store_errors = Counter("runner_store_errors", "How often the store could not be used.", registry=registry)
        self.queue_failures = Counter("runner_dispatch_failures", "What the queue could not do.", registry=registry)
        self.queued = Gauge("runner_queue_builds", "Builds that wait for a slot.", ["pool"], registry=registry)
        self.running = Gauge("runner_running_builds", "Builds that have a slot.", ["pool"], registry=registry)
        self.capacity = Gauge("runner_pool_capacity", "Slots.", ["pool"], registry=registry)
        self.queue_age = Gauge(
            "runner_queue_age_seconds", "How long the eldest has waited.", ["pool"], registry=registry
        )
        self.loop_lag = Gauge(
            "runner_loop_lag_seconds", "How late the event loop was, at worst in a minute.", registry=registry
        )
        self.streams = Gauge("runner_api_streams", "Logs that are being sent to somebody.", registry=registry)

    def decided(self, command: Command) -> None:
        self.decisions.labels(type(command).__name__).inc()

    def claimed(self, row: BuildRow, *, adopted: bool) -> None:
        if adopted:
            self.adopted.inc()
        else:
            self.pick_up.observe(max(0.0, (datetime.now(UTC) - row.created_at).total_seconds()))

    def build_ended(self, ended: Ended, log_bytes: int) -> None:
        self.ended.labels(self._label(ended.job), ended.status).inc()
        self.durations.labels(ended.status).observe(max(0.0, ended.duration.total_seconds()))
        self.log_bytes.inc(log_bytes)

    def notified(self, outcome: str) -> None:
        self.notifications.labels(outcome).inc()

    def role_assumed(self, outcome: str) -> None:
        self.sts_calls.labels(outcome).inc()

    def store_failed(self, times: int) -> None:
        """`times` since the start in all."""
        self.store_errors.inc(times - self._store_errors)
        self._store_errors = times

    def seen(self, overview: Overview, capacity: Mapping[str, int]) -> None:
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
