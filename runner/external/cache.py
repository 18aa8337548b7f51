"""Fetched texts by their digest: whatever is found here is what was pinned, or it is not found."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Cache:
    """`directory` is made when something is kept; it may be removed at any time."""

    directory: Path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> Self:
        """By the XDG Base Directory Specification, which has relative paths ignored."""
        told = environ.get("XDG_CACHE_HOME", "")
        above = Path(told) if os.path.isabs(told) else Path(environ.get("HOME") or os.path.expanduser("~"), ".cache")
        return cls(above / "shippable-runner" / "references")

    def find(self, digest: str) -> bytes | None:
        """The text of this sha256; None where it is not here, or not what it was."""
        try:
            content = (self.directory / digest).read_bytes()
        except OSError:
            return None
        return content if digest_of(content) == digest else None

    def keep(self, content: bytes) -> None:
        """Raises OSError."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.directory, delete=False) as file:
            staged = Path(file.name)
        try:
            staged.write_bytes(content)
            os.replace(staged, self.directory / digest_of(content))
        except OSError:
            with contextlib.suppress(OSError):
                staged.unlink()
            raise


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
