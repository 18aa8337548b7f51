"""Where the files of a watched pipeline come from."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from runner.pipeline.files import discover
from runner.service.pipelines import Fetched


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """All pipeline files in a directory, at any depth, or one file."""

    path: Path

    @property
    def told(self) -> str:
        return str(self.path)

    async def fetch(self) -> Fetched:
        found = await asyncio.to_thread(discover, [self.path])
        text = repr([(file.name, file.text) for file in found.files])
        revision = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return Fetched(revision=revision, found=found)
