"""Rows of the database as typed values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from runner.workspace.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRow:
    """A build as `runner builds` shows it; times are aware, None where not reached. `left_alive` are the processes that
    had to be ended, in words; `dropped` the records and bytes that its log has lost to the quota; `published` the
    names of what got a new version; `cancel_reason` is there once somebody has asked for its end; `item` is which one
    of a CI build it is (None: it is no item).

    What a service knows: the `attempt` that runs it (None: not given out yet), whether a person asked for it and who,
    with which variables, without the saved state, or with the inputs of which older build."""

    id: int
    run_id: int
    job: str
    number: int
    status: str
    triggered_by: str
    reason: str | None
    exit_code: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None = None
    signal: int | None = None
    left_alive: tuple[str, ...] = ()
    dropped: tuple[int, int] = (0, 0)
    published: frozenset[str] = frozenset()
    cancel_reason: str | None = None
    attempt: int | None = None
    manual: bool = False
    pool: str = "default"
    priority: int = 9999
    injected: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    replay_of: int | None = None
    requested_by: str | None = None
    item: int | None = None

    @property
    def name(self) -> str:
        """How people name it: `shop/3`, or `shop_runCI/3.1` for an item."""
        return build_name(self.job, self.number, self.item)

    def as_queued(self) -> BuildRow:
        """The same before it was begun."""
        return replace(self, status="queued", started_at=None)


def build_name(job: str, number: int, item: int | None) -> str:
    return f"{job}/{number}" if item is None else f"{job}/{number}.{item}"


def item_name(job: str, item: int) -> str:
    """The name of an item's job in the store."""
    return f"{job}/{item}"


def is_item_name(name: str) -> bool:
    """No job or resource of a file has such a name."""
    return "/" in name


def version(row: Any) -> Version:
    return Version(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        property_bag=json.loads(row["property_bag"]),
        created_at=row["created_at"],
        file_set=row["file_set"],
    )


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def build_row(row: Any) -> BuildRow:
    job, _, item = row["job"].partition("/")
    return BuildRow(
        id=row["id"],
        run_id=row["run_id"],
        job=job,
        number=row["number"],
        status=row["status"],
        triggered_by=row["triggered_by"],
        reason=row["reason"],
        exit_code=row["exit_code"],
        created_at=datetime.fromisoformat(row["created_at"]),
        started_at=moment(row["started_at"]),
        ended_at=moment(row["ended_at"]),
        ended_by=row["ended_by"],
        signal=row["signal"],
        left_alive=tuple(json.loads(row["left_alive"])),
        dropped=(row["dropped_records"], row["dropped_bytes"]),
        published=frozenset(json.loads(row["published"])),
        cancel_reason=row["cancel_reason"],
        attempt=row["attempt"],
        manual=bool(row["manual"]),
        pool=row["pool"],
        priority=row["priority"],
        injected=json.loads(row["injected"]),
        reset=bool(row["reset"]),
        replay_of=row["replay_of"],
        requested_by=row["requested_by"],
        item=int(item) if item.isdigit() else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Whom something is sent to where no resource says it: by `method`, or with an integration by its name. `payload`
    is plain content that a webhook gets too."""

    method: str | None
    integration: str | None
    recipients: tuple[str, ...]
    payload: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """Somebody who is to be told of a build. `moment` is the hook; `target` the notification resource, or the name of
    what `address` says; `snippet`: what failed is quoted; `about` says what was built, in words."""

    moment: str
    target: str
    address: Address | None = None
    snippet: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEnd:
    """How a build ended, to be recorded once; `ended_at` None: now. `by` says who or what ended it, `left_alive` what
    had to be ended, `dropped` what the quota of the log has cost, `notices` who is told of it."""

    status: str
    reason: str | None = None
    exit_code: int | None = None
    by: str
    signal: int | None = None
    left_alive: tuple[str, ...] = ()
    dropped: tuple[int, int] = (0, 0)
    published: frozenset[str] = frozenset()
    ended_at: datetime | None = None
    notices: tuple[NewNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a pipeline file at the time of a run."""

    path: str
    repository: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run. `options` is JSON that only its writer understands; `earlier` holds the last status of jobs from before
    the run; the ports are those of its credentials and of its sandbox, None where there are none;
    `stop_reason` is there once somebody has asked for its end."""

    id: int
    digest: str
    detached: bool
    options: str
    earlier: Mapping[str, str]
    port: int | None
    sandbox_port: int | None
    stop_reason: str | None
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRow:
    """A token of a build, as the hexadecimal digest, and the role session that it opens."""

    digest: str
    integration: str
    role: str
    session: str
    external_id: str | None
