"""The runner in this process, in a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.remote_service import Command


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)
