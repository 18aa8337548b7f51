"""Real repositories to fetch from."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runner.service.git import Git, Remote

GIT = Git(environment=os.environ)
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Byrd",
    "GIT_AUTHOR_EMAIL": "ada@acme.test",
    "GIT_COMMITTER_NAME": "Kim Lee",
    "GIT_COMMITTER_EMAIL": "kim@acme.test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repository:
    """A repository that somebody works in; `remote` is its address."""

    def __init__(self, place: Path, branch: str = "main") -> None:
        self.place = place
        place.mkdir(parents=True)
        self.git("init", "-q", "-b", branch)
        self.remote = Remote(place.as_uri())

    @classmethod
    def at(cls, place: Path) -> Repository:
        """One that is there already, or will be."""
        found = cls.__new__(cls)
        found.place = place
        found.remote = Remote(place.as_uri())
        return found

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.place,
            env={**os.environ, **IDENTITY},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str = "Sell pears", files: Mapping[str, str] | None = None) -> str:
        """Write the files and commit; gives the commit."""
        for path, text in (files or {}).items():
            (self.place / path).parent.mkdir(parents=True, exist_ok=True)
            (self.place / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
