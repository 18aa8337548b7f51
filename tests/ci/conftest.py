"""A git repository with a CI part in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.cli.main import main
from tests.runner_command import Project, Said

CONFIG = (
    "-c",
    "user.name=Ann",
    "-c",
    "user.email=ann@x",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "init.defaultBranch=main",
)


class Checkout(Project):
    """The project is a checkout of `acme/shop` on the branch main. Commands run in this process: they start sooner."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(directory)
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.git("init", "--quiet", "--template=")
        self.git("remote", "add", "origin", "https://user:hidden-pw@github.com/acme/shop.git")

    def git(self, *arguments: str) -> str:
        command = ["git", *CONFIG, *arguments]
        return subprocess.run(
            command, cwd=self.directory, env=self.environ, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self, text: str, message: str = "a message", **files: str) -> str:
        """Commit this file and others; gives the commit."""
        self.write(text)
        for name, content in files.items():
            self.write(content, name)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def runner(self, *arguments: str, **environ: str) -> Said:
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            patch.chdir(self.directory)
            for name, value in {**self.environ, **environ}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["runner", *arguments])
            with pytest.raises(SystemExit) as exit_:
                main()
        said = self._capsys.readouterr()
        assert isinstance(exit_.value.code, int)
        return Said(exit_.value.code, said.out, said.err)

    def ci(self, *arguments: str, **environ: str) -> Said:
        return self.run("--ci", *arguments, **environ)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checkout:
    return Checkout(tmp_path, monkeypatch, capsys)


def item_statuses(said: Said) -> dict[int, str]:
    return {e["item"]: e["status"] for e in said.events if e["event"] == "build_ended" and "item" in e}


def item_lines(said: Said, item: int) -> list[str]:
    """What one item printed."""
    records = (e["record"] for e in said.events if e["event"] == "record" and e.get("item") == item)
    return [record["text"] for record in records if record["type"] == "message" and "level" not in record]


def run_notes(said: Said) -> list[str]:
    """What the log of the run itself says."""
    records = (e["record"] for e in said.events if e["event"] == "record" and "item" not in e)
    return [record["text"] for record in records if record["type"] == "message"]
