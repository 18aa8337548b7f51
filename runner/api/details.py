"""What the API tells of one job or resource in detail: its variables, its uses and history, what it has saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from runner.api.pipeline_shapes import ResourceShape
from runner.api.shapes import Answer, Id, Name, Request, Text
from runner.pipeline.plain import Json


class EnvironmentParams(Request, frozen=True, kw_only=True):
    """`task`: the TASK whose variables are asked for; without it the first."""

    name: Name
    task: Text | None = None


class VariableShape(Answer, frozen=True, kw_only=True):
    """`value` has `****` where something secret is, and is null where only a build will know it; `secret`: all of it is
    one."""

    name: str
    value: str | None
    source: str
    secret: bool


class EnvironmentShape(Answer, frozen=True, kw_only=True):
    """What a TASK would start with if the job began now, in order. `tasks` are all that the job has; `notes` say what
    is not so simple, as that a build would not begin at all."""

    job: str
    task: str | None
    tasks: tuple[str, ...]
    variables: tuple[VariableShape, ...]
    notes: tuple[str, ...]


class UseShape(Answer, frozen=True, kw_only=True):
    """A job that names a resource. As an input: `versionName` or `versionNumber` pins it, without `switch` it never
    starts the job; as an output: `on_failure` gives it out also where the job fails."""

    job: str
    versionName: str | None  # noqa: N815
    versionNumber: int | None  # noqa: N815
    switch: bool
    on_failure: bool


class MadeVersionShape(Answer, frozen=True, kw_only=True):
    """`build` made it (`JOB/NUMBER`); null: a file or somebody outside did, or the build is not there any more."""

    number: int
    versionName: str | None  # noqa: N815
    propertyBag: Mapping[str, Json]  # noqa: N815
    created_at: datetime
    build: str | None


class HistoryShape(Answer, frozen=True, kw_only=True):
    """How many versions there are, since when, and the newest ones, newest first."""

    versions: int
    since: datetime | None
    newest: tuple[MadeVersionShape, ...]


class ResourceAnswer(ResourceShape, frozen=True, kw_only=True):
    """A resource with all that is known of it. `declared` is where it stands (`file:line:column`), null where no file
    has it any more; `integration` the name alone; `ins` are the jobs that take it, `outs` those that give it out."""

    declared: str | None
    integration: str | None
    ins: tuple[UseShape, ...]
    outs: tuple[UseShape, ...]
    history: HistoryShape


class StateParams(Request, frozen=True, kw_only=True):
    """`version`: that of this number; without it the newest (DELETE: all)."""

    name: Name
    version: Id | None = None


class FileParams(Request, frozen=True, kw_only=True):
    """`path` is one of the listed files."""

    name: Name
    path: Annotated[str, Meta(min_length=1, max_length=4096, pattern="^[^\\x00]*$")]
    version: Id | None = None


class StateShape(Answer, frozen=True, kw_only=True):
    """What a version of a job or resource has saved: how many files, and their bytes; `build` is the number of the
    build that made the version, null where it is not there any more; `digest` is that of all files together."""

    name: str
    kind: str
    type: str
    version: int
    versionName: str | None  # noqa: N815
    build: int | None
    saved_at: datetime
    files: int
    bytes: int
    digest: str


class StateList(Answer, frozen=True, kw_only=True):
    """By name; of each its newest version, where that has files."""

    states: tuple[StateShape, ...]


class FileShape(Answer, frozen=True, kw_only=True):
    """`mode` are the permission bits in octal, as `0644`."""

    path: str
    mode: str
    bytes: int


class StateAnswer(Answer, frozen=True, kw_only=True):
    state: StateShape
    files: tuple[FileShape, ...]


class ForgottenShape(Answer, frozen=True, kw_only=True):
    """How many versions have no files any more; the contents that went because nothing else has them, and their
    bytes."""

    versions: int
    files: int
    bytes: int
