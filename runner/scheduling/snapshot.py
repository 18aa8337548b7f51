"""All that the rules remember, as plain values: what the store keeps and a restart begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runner.pipeline.model import DependencyMode


@dataclass(frozen=True, slots=True)
class Waiting:
    """The one waiting entry of a strict job: what triggered it first, and the jobs of its loop that caused it."""

    triggered_by: str
    chain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class JobState:
    """`last_status` is that of the newest build that ended after it had started; None: there is none."""

    last_status: str | None = None
    paused: bool = False
    stale: bool = False
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBuild:
    """A build that is queued or, where `processing`, has been started. Priority and pool are those of the file when
    it was queued."""

    id: int
    job: str
    triggered_by: str
    mode: DependencyMode
    manual: bool = False
    chain: frozenset[str] = frozenset()
    priority: int = 9999
    pool: str = "default"
    processing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`builds` in the order of their ids."""

    next_build: int = 1
    jobs: Mapping[str, JobState]
    builds: tuple[OpenBuild, ...] = ()
    draining: bool = False
