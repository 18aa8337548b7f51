"""What a service answers, as typed values. Each `read_…` takes the JSON of one item and raises KeyError, TypeError,
ValueError or AttributeError where it is none. `raw` is the item as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runner.secret import Secret
from runner.store.rows import BuildRow

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`held_by` says why nothing of it starts now; `open` are its builds that have not ended; `waiting` is what a
    strict job waits with; `stale`: it waits for approval; `by_itself`: it has an input that may start it."""

    name: str
    type: str
    pipeline: str | None
    deleted_at: datetime | None
    paused: bool
    stale: bool
    last_status: str | None
    by_itself: bool
    held_by: str | None
    waiting: str | None
    open: tuple[BuildRow, ...]
    raw: Raw = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """`problem`: why nothing new is heard of it."""

    name: str
    type: str
    pipeline: str | None
    deleted_at: datetime | None
    problem: str | None
    raw: Raw = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    number: int
    name: str | None
    property_bag: Raw
    created_at: datetime
    raw: Raw = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """`problems` are about the files that were read last; `refused`: they could not be applied."""

    name: str
    source: str
    revision: str | None
    applied_at: datetime | None
    refused: bool
    problems: tuple[str, ...]
    raw: Raw = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    pipeline: str
    applied: bool
    refused: bool
    changes: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a service is. `pools` are (name, builds at once, running, queued); `builds` counts the open ones."""

    version: str
    state: str
    reasons: tuple[str, ...]
    pools: tuple[tuple[str, int, int, int], ...]
    builds: Mapping[str, int]
    pipelines: int
    jobs: int
    resources: int

    @property
    def running(self) -> int:
        """Builds that run or are about to."""
        return sum(used for _, _, used, _ in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A problem of a pipeline file, as the service sees it."""

    severity: str
    text: str
    raw: Raw = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; `last_used_at` is exact to some minutes."""

    id: int
    name: str
    scope: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    raw: Raw = field(repr=False)

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


def read_build(raw: Raw) -> BuildRow:
    """Builds of a service belong to no run: `run_id` is 0."""
    return BuildRow(
        id=int(raw["id"]),
        run_id=0,
        job=str(raw["job"]),
        number=int(raw["number"]),
        status=str(raw["status"]),
        triggered_by=str(raw["triggered_by"]),
        reason=raw["reason"],
        exit_code=raw["exit_code"],
        created_at=datetime.fromisoformat(raw["created_at"]),
        started_at=_moment(raw["started_at"]),
        ended_at=_moment(raw["ended_at"]),
        ended_by=raw["ended_by"],
        signal=raw["signal"],
        left_alive=_texts(raw["left_alive"]),
        dropped=(int(raw["log_dropped_records"]), int(raw["log_dropped_bytes"])),
        published=frozenset(_texts(raw["published"])),
        cancel_reason=raw["cancel_reason"],
        requested_by=raw["by"],
        item=raw.get("item"),
    )


def read_build_with_inputs(raw: Raw) -> BuildRow:
    return read_build(raw["build"])


def read_job(raw: Raw) -> Job:
    return Job(
        name=str(raw["name"]),
        type=str(raw["type"]),
        pipeline=raw["pipeline"],
        deleted_at=_moment(raw["deleted_at"]),
        paused=bool(raw["paused"]),
        stale=bool(raw["stale"]),
        last_status=raw["last_status"],
        by_itself=bool(raw["starts_by_itself"]),
        held_by=raw["held_by"],
        waiting=raw["waiting"]["triggered_by"] if raw["waiting"] is not None else None,
        open=tuple(map(read_build, raw["open"])),
        raw=raw,
    )


def read_resource(raw: Raw) -> Resource:
    return Resource(
        name=str(raw["name"]),
        type=str(raw["type"]),
        pipeline=raw["pipeline"],
        deleted_at=_moment(raw["deleted_at"]),
        problem=raw["problem"],
        raw=raw,
    )


def read_version(raw: Raw) -> Version:
    return Version(
        number=int(raw["number"]),
        name=raw["versionName"],
        property_bag=dict(raw["propertyBag"]),
        created_at=datetime.fromisoformat(raw["created_at"]),
        raw=raw,
    )


def read_pipeline(raw: Raw) -> Pipeline:
    return Pipeline(
        name=str(raw["name"]),
        source=str(raw["source"]),
        revision=raw["revision"],
        applied_at=_moment(raw["applied_at"]),
        refused=bool(raw["refused"]),
        problems=_texts(raw["problems"]),
        raw=raw,
    )


def read_synced(raw: Raw) -> Synced:
    return Synced(
        pipeline=str(raw["pipeline"]),
        applied=bool(raw["applied"]),
        refused=bool(raw["refused"]),
        changes=_texts(raw["changes"]),
        problems=_texts(raw["problems"]),
    )


def read_state(raw: Raw) -> State:
    return State(
        version=str(raw["version"]),
        state=str(raw["state"]),
        reasons=_texts(raw["reasons"]),
        pools=tuple(
            (name, int(pool["capacity"]), int(pool["used"]), int(pool["queued"])) for name, pool in raw["pools"].items()
        ),
        builds={str(status): int(count) for status, count in raw["builds"].items()},
        pipelines=int(raw["pipelines"]),
        jobs=int(raw["jobs"]),
        resources=int(raw["resources"]),
    )


def read_found(raw: Raw) -> Found:
    return Found(severity=str(raw["severity"]), text=str(raw["text"]), raw=raw)


def read_token(raw: Raw) -> Token:
    return Token(
        id=int(raw["id"]),
        name=str(raw["name"]),
        scope=str(raw["scope"]),
        created_at=datetime.fromisoformat(raw["created_at"]),
        created_by=raw["created_by"],
        expires_at=_moment(raw["expires_at"]),
        last_used_at=_moment(raw["last_used_at"]),
        revoked_at=_moment(raw["revoked_at"]),
        raw=raw,
    )


def read_new_token(raw: Raw) -> tuple[Secret, Token]:
    return Secret(str(raw["token"])), read_token(raw["about"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _texts(raw: list[Any]) -> tuple[str, ...]:
    return tuple(map(str, raw))
