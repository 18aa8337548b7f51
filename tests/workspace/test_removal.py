"""What a build has left goes, whatever it is."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from runner.workspace.removal import remove_all_but


def test_everything_but_what_is_kept_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    place = tmp_path / "place"
    (place / "work" / "deep").mkdir(parents=True)
    (place / "work" / "locked").mkdir(mode=0)
    (place / "log.jsonl").touch()
    (place / "link").symlink_to(outside)
    os.mkfifo(place / "pipe")
    monkeypatch.chdir(place)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("control")
    remove_all_but(place, {"log.jsonl"})
    assert os.listdir(place) == ["log.jsonl"]
    assert (outside / "file").exists()
    remove_all_but(tmp_path / "nothing", ())
