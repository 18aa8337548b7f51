"""What the API takes and gives of pipelines, their resources and the versions of those."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from runner.api.shapes import Answer, Id, Many, Name, Request, Text
from runner.pipeline.plain import Json


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
