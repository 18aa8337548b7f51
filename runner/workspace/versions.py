"""What a build takes in and gives out: versions of jobs and resources, and the files kept with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.pipeline.plain import Json


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file of a saved state: path relative to its directory, permission bits, content."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A stored version. `number` counts from 1 per job or resource, `id` is unique over all; `created_at` is RFC 3339.

    `file_set` is the digest of the files saved with it, if there are any."""

    id: int
    number: int
    name: str | None
    property_bag: Mapping[str, Json]
    created_at: str
    file_set: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version that a build has made and the store has not yet: `node` is the name of its job or resource.

    `files` is None where the node's saved files stay what they were, or are a set that is stored already (`file_set` is
    its digest). `of_job`: it is that of the build's job, and those recorded after it are of its outputs: their traces
    begin with it."""

    node: str
    name: str | None = None
    property_bag: Mapping[str, Json] = field(default_factory=dict)
    files: tuple[SavedFile, ...] | None = None
    file_set: str | None = None
    of_job: bool = False
