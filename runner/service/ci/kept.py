"""What the items of a CI build give out, kept beside its log until the whole has ended: whoever goes on with the build
after a restart finds it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.errors import RunnerError
from runner.workspace.versions import NewVersion, SavedFile


def keep(place: Path, item: int, versions: Sequence[NewVersion]) -> None:
    """Write the versions of one item, whole or not at all. Raises OSError."""
    temporary = place / f"item-{item}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump([_document(version) for version in versions], file)
    temporary.rename(_path(place, item))


def kept(place: Path, item: int) -> tuple[NewVersion, ...]:
    """The versions of one item that has ended; none where nothing was kept. Raises RunnerError."""
    path = _path(place, item)
    try:
        return tuple(map(_version, json.loads(path.read_text("utf-8"))))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunnerError(f"what an item of this build gives out cannot be read from {path}: {error!r}") from error


def names(place: Path) -> frozenset[str]:
    """The files that are kept."""
    return frozenset(path.name for path in place.glob("item-*.json"))


def _path(place: Path, item: int) -> Path:
    return place / f"item-{item}.json"


def _document(version: NewVersion) -> dict[str, Any]:
    files = version.files
    return {
        "node": version.node,
        "name": version.name,
        "property_bag": version.property_bag,
        "files": None if files is None else [[f.path, f.mode, base64.b64encode(f.content).decode()] for f in files],
    }


def _version(document: dict[str, Any]) -> NewVersion:
    files = document["files"]
    return NewVersion(
        node=document["node"],
        name=document["name"],
        property_bag=document["property_bag"],
        files=None
        if files is None
        else tuple(SavedFile(path, mode, base64.b64decode(content)) for path, mode, content in files),
    )
