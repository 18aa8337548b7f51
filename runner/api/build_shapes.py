"""What the API takes and gives of builds and their jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from runner.api.shapes import Answer, Id, Many, Name, Request, Text


class BuildShape(Answer, frozen=True, kw_only=True):
    """`reason` says why it ended so, `ended_by` who or what ended it; `by` who asked for it; `cancel_reason` is there
    once somebody has asked for its end. `item` is which one of a CI build it is: those have builds of their own."""

    id: int
    job: str
    number: int
    item: int | None
    status: str
    triggered_by: str
    pool: str
    manual: bool
    by: str | None
    reset: bool
    params: Mapping[str, str]
    replay_of: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    exit_code: int | None
    signal: int | None
    ended_by: str | None
    cancel_reason: str | None
    left_alive: tuple[str, ...]
    log_dropped_records: int
    log_dropped_bytes: int
    published: tuple[str, ...]


class InputShape(Answer, frozen=True, kw_only=True):
    """A version that a build has got."""

    name: str
    number: int
    version_name: str | None


class BuildAnswer(Answer, frozen=True, kw_only=True):
    """A build with the versions that it has got."""

    build: BuildShape
    inputs: tuple[InputShape, ...]


class BuildList(Answer, frozen=True, kw_only=True):
    """Newest first; `next` is the `before` of the next page, null on the last one."""

    builds: tuple[BuildShape, ...]
    next: int | None


class BuildsParams(Request, frozen=True, kw_only=True):
    """Builds with an id below `before`."""

    job: Name | None = None
    status: Text | None = None
    before: Id | None = None
    limit: Many = 50


class BuildParams(Request, frozen=True, kw_only=True):
    id: Id


class LogParams(Request, frozen=True, kw_only=True, rename={"from_": "from"}):
    """`follow`: go on up to the last record of the build; `from`: only from this record on; `tail`: only so many at the
    end (and, with `follow`, what comes)."""

    id: Id
    follow: bool = False
    from_: Id | None = None
    tail: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class CancelBody(Request, frozen=True, kw_only=True):
    reason: Text = ""


class JobBuildParams(Request, frozen=True, kw_only=True):
    """`number` is one, or `latest`."""

    name: Name
    number: Annotated[str, Meta(pattern="^(latest|[1-9][0-9]{0,17})$")]


class WaitingShape(Answer, frozen=True, kw_only=True):
    """What a strict job waits with."""

    triggered_by: str
    since: datetime


class JobShape(Answer, frozen=True, kw_only=True):
    """`held_by` says why nothing of it starts now; `stale`: a switched-off input has changed, so it waits for approval;
    `deleted_at`: no file has it any more; `starts_by_itself`: it has an input that may start it; `open` are its builds
    that have not ended."""

    name: str
    type: str
    pipeline: str | None
    deleted_at: datetime | None
    paused: bool
    stale: bool
    last_status: str | None
    starts_by_itself: bool
    held_by: str | None
    waiting: WaitingShape | None
    open: tuple[BuildShape, ...]


class JobList(Answer, frozen=True, kw_only=True):
    jobs: tuple[JobShape, ...]


class RunBody(Request, frozen=True, kw_only=True):
    """`params` are variables for this build, `reset` starts it without its saved state."""

    params: Mapping[
        Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*$", max_length=256)],
        Annotated[str, Meta(max_length=65536, pattern="^[^\\x00]*$")],
    ] = {}
    reset: bool = False


class PurgeAnswer(Answer, frozen=True, kw_only=True):
    """The ids of the builds that went with it."""

    builds: tuple[int, ...]
