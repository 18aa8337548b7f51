"""A small pipeline in the hands of a test: events go in by the names of the jobs, commands come out as short lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.pipeline.model import DependencyMode
from runner.scheduling.events import (
    Asked,
    Command,
    Ended,
    Event,
    NotTriggered,
    Queue,
    Stale,
    Start,
    StopWaiting,
    Synced,
    VersionMade,
    Wait,
    Withdraw,
)
from runner.scheduling.graph import Graph, Input, JobRule
from runner.scheduling.rules import Rules

CHRONO, STRICT, IMMEDIATE = DependencyMode.CHRONO, DependencyMode.STRICT, DependencyMode.IMMEDIATE


def graph(*jobs: JobRule) -> Graph:
    return Graph({job.name: job for job in jobs})


def job(name: str, *inputs: Input, **options: object) -> JobRule:
    return JobRule(name=name, inputs=inputs, **options)  # type: ignore[arg-type]  # the fields of JobRule


def after(name: str, **options: object) -> Input:
    """An input job."""
    return Input(name=name, is_job=True, **options)  # type: ignore[arg-type]  # the fields of Input


def reads(name: str, **options: object) -> Input:
    """An input resource."""
    return Input(name=name, **options)  # type: ignore[arg-type]  # the fields of Input


class World:
    """Rules with a pool of ten slots, if not told otherwise. `told` are the commands of the last event:

    `queue a by x`, `start a`, `wait a by x`, `stop waiting a`, `stale a`, `fresh a`, `withdraw a`, `not a`."""

    def __init__(self, *jobs: JobRule, pools: Mapping[str, int] | None = None) -> None:
        self.rules = Rules(graph(*jobs), {"default": 10} if pools is None else pools)
        self.told: list[str] = []
        self.commands: list[Command] = []
        self._job_of: dict[int, str] = {}

    def apply(self, event: Event) -> list[str]:
        self.commands = self.rules.apply(event)
        self.told = [self._line(command) for command in self.commands]
        return self.told

    def version(self, resource: str) -> list[str]:
        return self.apply(VersionMade(resource))

    def ask(self, name: str) -> list[str]:
        return self.apply(Asked(name))

    def sync(self, *jobs: JobRule) -> list[str]:
        return self.apply(Synced(graph(*jobs)))

    def end(self, name: str, status: str = "success", published: Iterable[str] = ()) -> list[str]:
        """End the oldest processing build of the job."""
        return self.apply(Ended(min(self.processing(name)), status, frozenset(published)))

    def run(self, name: str, status: str = "success", published: Iterable[str] = ()) -> list[str]:
        """A manual build from its queueing to its end; gives what its end leads to."""
        self.ask(name)
        return self.end(name, status, published)

    def processing(self, name: str) -> list[int]:
        return [build.id for build in self.rules.snapshot().builds if build.processing and build.job == name]

    def queued(self, name: str) -> list[int]:
        return [build.id for build in self.rules.snapshot().builds if not build.processing and build.job == name]

    def reason(self) -> str:
        """Why the last event started nothing."""
        return next(command.reason for command in self.commands if isinstance(command, NotTriggered))

    def _line(self, command: Command) -> str:
        match command:
            case Queue():
                self._job_of[command.build] = command.job
                return f"queue {command.job} by {command.triggered_by}"
            case Start():
                return f"start {self._job_of[command.build]}"
            case Wait():
                return f"wait {command.job} by {command.triggered_by}"
            case StopWaiting():
                return f"stop waiting {command.job}"
            case Stale():
                return f"{'stale' if command.stale else 'fresh'} {command.job}"
            case Withdraw():
                return f"withdraw {self._job_of[command.build]}"
            case NotTriggered():
                return f"not {command.job}"
