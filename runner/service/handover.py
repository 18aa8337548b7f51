"""What the end of a build needs to know of its beginning: written before its first command, for whoever ends it."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import RunnerError
from runner.pipeline.model import In, Job, Out
from runner.workspace.dependency import Dependency
from runner.workspace.versions import Version

NAME = "handover.json"


@dataclass(frozen=True, slots=True)
class Handover:
    """`dependencies` with their placeholders replaced, those of secrets left alone; `before` are the stored versions of
    the OUTs."""

    dependencies: Sequence[Dependency]
    before: Mapping[str, Version | None]


def write(place: Path, handover: Handover) -> None:
    """Leave it beside the log, whole or not at all. Raises OSError."""
    document = {
        "dependencies": [_document(dependency) for dependency in handover.dependencies],
        "before": {name: _version_document(version) for name, version in handover.before.items()},
    }
    temporary = place / f"{NAME}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=True)
    temporary.rename(place / NAME)


def read(place: Path, job: Job) -> Handover:
    """Read it again. Raises RunnerError where it is not there or does not fit the job."""
    try:
        document = json.loads((place / NAME).read_text("utf-8"))
        steps = {(type(step).__name__, step.name): step for step in reversed(job.steps) if isinstance(step, In | Out)}
        return Handover(
            tuple(_dependency(each, steps[each["step"], each["name"]]) for each in document["dependencies"]),
            {name: _version(version) for name, version in document["before"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunnerError(f"what the end of this build needs cannot be read from {place / NAME}: {error!r}") from error


def _document(dependency: Dependency) -> dict[str, Any]:
    return {
        "step": type(dependency.step).__name__,
        "name": dependency.name,
        "type": dependency.type,
        "node_id": dependency.node_id,
        "is_job": dependency.is_job,
        "version": _version_document(dependency.storable),
    }


def _version_document(version: Version | None) -> dict[str, Any] | None:
    return None if version is None else dataclasses.asdict(version)


def _dependency(document: Mapping[str, Any], step: In | Out) -> Dependency:
    return Dependency(
        step=step,
        type=document["type"],
        node_id=document["node_id"],
        is_job=document["is_job"],
        version=_version(document["version"]),
    )


def _version(document: Mapping[str, Any] | None) -> Version | None:
    return None if document is None else Version(**document)
