"""The `runner` command as people call it, in a directory of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNER = Path(sys.executable).with_name("runner")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of `--json` and `--output json`: one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def messages(self, job: str) -> list[str]:
        """What a job printed, of `run --output json`."""
        records = (e["record"] for e in self.events if e["event"] == "record" and e["job"] == job)
        return [record["text"] for record in records if record["type"] == "message" and "level" not in record]

    def statuses(self) -> dict[str, str]:
        return {e["job"]: e["status"] for e in self.events if e["event"] == "build_ended"}

    def left_out(self) -> dict[str, str]:
        return {e["job"]: e["reason"] for e in self.events if e["event"] == "left_out"}


class Project:
    """A directory with a pipeline in it. HOME is an empty directory beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "project"
        self.directory.mkdir()
        home = directory / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.environ = {**kept, "HOME": str(home), "PYTHONWARNINGS": "error", "PYTHONDEVMODE": ""}

    def write(self, text: str, name: str = "shippable.yml", mode: int = 0o644) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        path.chmod(mode)
        return path

    def integrations(self, text: str) -> Path:
        return self.write(text, ".runner/integrations.yml", 0o600)

    def runner(self, *arguments: str, **environ: str) -> Said:
        done = subprocess.run(
            [RUNNER, *arguments],
            cwd=self.directory,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def run(self, *arguments: str, **environ: str) -> Said:
        """`runner run --output json …`"""
        return self.runner("run", "--output", "json", *arguments, **environ)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command and go on; the caller waits for it."""
        return subprocess.Popen(
            [RUNNER, *arguments],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
