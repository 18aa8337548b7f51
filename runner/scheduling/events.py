"""What happens to the rules, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runner.pipeline.model import DependencyMode
from runner.scheduling.graph import Graph


@dataclass(frozen=True, slots=True)
class Synced:
    """The pipelines were read again: `graph` takes the place of the one before."""

    graph: Graph


@dataclass(frozen=True, slots=True)
class VersionMade:
    """The resource has a new version that starts its readers; `chain` is that of the build that made it, empty for a
    push, a tick, a webhook or a change of the file."""

    resource: str
    chain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ended:
    """A build has its final status. `published`: the resources it gave a new version, and the jobs that it names as
    OUT and that are to be started by it."""

    build: int
    status: str
    published: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A person wants a run of the job."""

    job: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A person cancelled a queued build; it never ran, so the last status of its job stays what it was. Does nothing
    to a build that is processing: that one ends."""

    build: int


@dataclass(frozen=True, slots=True)
class Paused:
    job: str


@dataclass(frozen=True, slots=True)
class Resumed:
    job: str


@dataclass(frozen=True, slots=True)
class WaitingDeleted:
    """A person deleted the waiting entry of the job."""

    job: str


@dataclass(frozen=True, slots=True)
class PoolsSet:
    """The pools and how many builds each may run at once. A pool that is not among them is served by `default`."""

    pools: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Draining:
    """Whether the service lets what runs end and starts nothing more."""

    on: bool


Event: TypeAlias = (
    Synced | VersionMade | Ended | Asked | Withdrawn | Paused | Resumed | WaitingDeleted | PoolsSet | Draining
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A new build, with its id. `chain`: the jobs of its loop that caused it, itself too; empty outside loops."""

    build: int
    job: str
    triggered_by: str
    mode: DependencyMode
    manual: bool
    chain: frozenset[str]
    priority: int
    pool: str


@dataclass(frozen=True, slots=True)
class Start:
    """The build has a slot of its pool: it is processing from now on."""

    build: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The job has this waiting entry; takes the place of the one it may have had (whose chain has grown)."""

    job: str
    triggered_by: str
    chain: frozenset[str]


@dataclass(frozen=True, slots=True)
class StopWaiting:
    """The job has no waiting entry any more: it was released (a `Queue` follows), deleted, or the job is gone."""

    job: str


@dataclass(frozen=True, slots=True)
class Stale:
    """Whether a switched-off input of the job has changed since the job was last started."""

    job: str
    stale: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The queued build will never start."""

    build: int
    reason: str


@dataclass(frozen=True, slots=True)
class NotTriggered:
    """A trigger came and started nothing."""

    job: str
    triggered_by: str
    reason: str


Command: TypeAlias = Queue | Start | Wait | StopWaiting | Stale | Withdraw | NotTriggered
