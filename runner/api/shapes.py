"""What the API takes and gives, as JSON: the document of the API is made of these structs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from runner.pipeline.plain import Json

MOST_AT_ONCE = 500
LARGEST = 2**63 - 1

Id = Annotated[int, Meta(ge=1, le=LARGEST)]
Name = Annotated[str, Meta(min_length=1, max_length=1024, pattern="^[^\\x00]*$")]
Text = Annotated[str, Meta(max_length=1024, pattern="^[^\\x00]*$")]
Many = Annotated[int, Meta(ge=1, le=MOST_AT_ONCE)]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a client sends."""


class Answer(Struct, frozen=True, kw_only=True):
    """Something that a client gets."""


class NoParams(Request, frozen=True):
    """Nothing in the path and no query."""


class NoBody(Request, frozen=True):
    """An empty body, or `{}`."""


class Named(Request, frozen=True, kw_only=True):
    name: Name


class Error(Answer, frozen=True, kw_only=True):
    """`code` is for machines and stays the same, `message` is a sentence for people."""

    code: str
    message: str


class Refusal(Answer, frozen=True, kw_only=True):
    error: Error


class Document(Answer, frozen=True, kw_only=True):
    """OpenAPI 3.1."""

    openapi: str
    info: Mapping[str, Json]
    paths: Mapping[str, Json]
    components: Mapping[str, Json]


class Done(Answer, frozen=True, kw_only=True):
    """`changed` is false where everything was so already."""

    changed: bool


class DrainBody(Request, frozen=True, kw_only=True):
    """`now`: end what runs too."""

    on: bool = True
    now: bool = False


class PoolShape(Answer, frozen=True, kw_only=True):
    capacity: int
    used: int
    queued: int


class ServiceShape(Answer, frozen=True, kw_only=True):
    """`state` is ready, draining or degraded; `reasons` say why it is not ready. `builds` counts those that have not
    ended, by status."""

    version: str
    state: str
    reasons: tuple[str, ...]
    pools: Mapping[str, PoolShape]
    builds: Mapping[str, int]
    jobs: int
    resources: int
    pipelines: int


class Health(Answer, frozen=True, kw_only=True):
    state: str
    reasons: tuple[str, ...]


class PipelineShape(Answer, frozen=True, kw_only=True):
    """`problems` are about the files that were read last; `refused`: those could not be applied."""

    name: str
    source: str
    revision: str | None
    applied_at: datetime | None
    looked_at: datetime | None
    refused: bool
    problems: tuple[str, ...]
    changes: tuple[str, ...]


class PipelineList(Answer, frozen=True, kw_only=True):
    pipelines: tuple[PipelineShape, ...]


class SyncShape(Answer, frozen=True, kw_only=True):
    """`applied`: new files are in force; `refused`: the last good ones stay."""

    pipeline: str
    applied: bool
    refused: bool
    revision: str | None
    changes: tuple[str, ...]
    problems: tuple[str, ...]


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


class ResourceShape(Answer, frozen=True, kw_only=True):
    """`problem`: why the repository of a `gitRepo` cannot be asked for commits."""

    name: str
    type: str
    pipeline: str | None
    deleted_at: datetime | None
    problem: str | None = None


class ResourceList(Answer, frozen=True, kw_only=True):
    resources: tuple[ResourceShape, ...]


class VersionsParams(Request, frozen=True, kw_only=True):
    """Versions with a number below `before`."""

    name: Name
    before: Id | None = None
    limit: Many = 50


class VersionShape(Answer, frozen=True, kw_only=True):
    """`number` counts from 1 in each job or resource."""

    id: int
    number: int
    versionName: str | None  # noqa: N815  (the platform's word)
    propertyBag: Mapping[str, Json]  # noqa: N815
    created_at: datetime


class VersionList(Answer, frozen=True, kw_only=True):
    """Newest first; `next` is the `before` of the next page, null on the last one."""

    versions: tuple[VersionShape, ...]
    next: int | None


class VersionBody(Request, frozen=True, kw_only=True):
    """A version that comes from outside."""

    versionName: Text | None = None  # noqa: N815
    propertyBag: Mapping[str, Json] = {}  # noqa: N815


class FileBody(Request, frozen=True, kw_only=True):
    name: Name
    text: str


class ValidateBody(Request, frozen=True, kw_only=True):
    files: Annotated[tuple[FileBody, ...], Meta(min_length=1, max_length=100)]


class ProblemShape(Answer, frozen=True, kw_only=True):
    """`text` is the whole sentence, with its place; `severity` error: the files would be refused."""

    file: str
    line: int
    column: int | None
    severity: str
    text: str


class ValidateAnswer(Answer, frozen=True, kw_only=True):
    refused: bool
    problems: tuple[ProblemShape, ...]


class PurgeAnswer(Answer, frozen=True, kw_only=True):
    """The ids of the builds that went with it."""

    builds: tuple[int, ...]


class TokenShape(Answer, frozen=True, kw_only=True):
    """`last_used_at` is exact to ten minutes."""

    id: int
    name: str
    scope: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenList(Answer, frozen=True, kw_only=True):
    tokens: tuple[TokenShape, ...]


class TokenBody(Request, frozen=True, kw_only=True):
    """`expires_at` null: it is good until it is revoked."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    scope: Literal["read", "run", "admin"] = "read"
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class NewToken(Answer, frozen=True, kw_only=True):
    """`token` is shown this once."""

    token: str
    about: TokenShape


class TokenParams(Request, frozen=True, kw_only=True):
    id: Id
