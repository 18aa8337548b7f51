"""`runner state`: what jobs and resources have saved, listed, read and removed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.workspace.unpacking import unpack
from tests.cli.remote_service import Command
from tests.runner_command import Project

TEXT = """
    resources:
      - {name: kept, type: state}
      - {name: never, type: state}
    jobs:
      - name: make
        type: runSh
        steps:
          - OUT: kept
          - TASK:
              script:
                - cat "$JOB_PREVIOUS_STATE/n" 2>/dev/null || echo fresh
                - mkdir -p "$JOB_STATE/bin" && printf '#!/bin/sh\\n' > "$JOB_STATE/bin/tool"
                - chmod 750 "$JOB_STATE/bin/tool"
                - echo "$BUILD_NUMBER" > "$JOB_STATE/n"
                - printf '\\0\\377' > "$KEPT_STATE/raw"
"""


@pytest.fixture
def runner(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    project.write(TEXT)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(project.directory)
    return Command(monkeypatch, capsys)


def files_of(runner: Command, *arguments: str) -> dict[str, str]:
    said = runner("state", "ls", *arguments, "--json")
    assert said.code == 0, said
    return {file["path"]: file["mode"] for file in said.events}


def test_what_was_saved_is_listed_read_and_written_with_its_modes(runner: Command, tmp_path: Path) -> None:
    assert runner("run").code == 0
    head, kept, make = runner("state", "ls").out.splitlines()
    assert head.split() == ["NAME", "TYPE", "VERSION", "BUILD", "FILES", "SIZE", "SAVED"]
    assert make.split()[:6] == ["make", "runSh", "1", "1", "4", "12"]
    assert (kept.split()[0], kept.split()[-6:-2]) == ("kept", ["1", "1", "2", "bytes"])
    one = runner("state", "ls", "--json").events[1]
    assert {key: one[key] for key in ("name", "kind", "type", "version", "build", "files", "bytes")} == {
        "name": "make", "kind": "job", "type": "runSh", "version": 1, "build": 1, "files": 4, "bytes": 12,
    }  # fmt: skip
    assert files_of(runner, "make") == {"bin/tool": "0750", "kept.env": "0644", "make.env": "0644", "n": "0644"}
    assert runner("state", "ls", "make").out.splitlines()[1].split()[:3] == ["750", "10", "bytes"]
    assert runner("state", "get", "make", "n").out == "1\n"
    assert runner("state", "get", "make", "-o", "there").code == 0
    tool = Path("there/bin/tool")
    assert (tool.read_text(), stat.S_IMODE(tool.stat().st_mode)) == ("#!/bin/sh\n", 0o750)
    assert runner("state", "get", "kept", "raw", "-o", "raw").code == 0
    assert Path("raw/raw").read_bytes() == b"\0\xff"
    assert runner("state", "get", "make", "bin/", "-o", "part").code == 0
    assert [path.name for path in Path("part").rglob("*") if path.is_file()] == ["tool"]


def test_nothing_is_overwritten_unless_that_is_wanted(runner: Command) -> None:
    assert runner("run").code == 0
    Path("there").mkdir()
    Path("there/n").write_text("mine")
    said = runner("state", "get", "make", "-o", "there")
    assert (said.code, "there/n is there already: --force replaces it" in said.err) == (2, True)
    assert not Path("there/bin").exists()
    assert runner("state", "get", "make", "-o", "there", "--force").code == 0
    assert Path("there/n").read_text() == "1\n"


def test_what_is_removed_is_gone_and_the_next_build_starts_without_it(runner: Command) -> None:
    for _ in range(2):
        assert runner("run").code == 0
    assert "there is nobody to ask: --yes removes what make has saved" in runner("state", "rm", "make").err
    assert runner("state", "get", "make", "n", "--version", "1").out == "1\n"
    assert runner("state", "rm", "make", "--version", "1", "--yes").out.startswith("1 version of make without saved")
    assert "version 1 of make has saved nothing" in runner("state", "get", "make", "n", "--version", "1").err
    assert runner("state", "get", "make", "n").out == "2\n"
    said = runner("state", "rm", "make", "--yes")
    assert said.out == "1 version of make without saved files now: 3 files (12 bytes) removed\n"
    assert "make has saved nothing" in runner("state", "ls", "make").err
    assert [one["name"] for one in runner("state", "ls", "--json").events] == ["kept"]
    assert runner("run", "--output", "json").messages("make") == ["fresh"]


def test_what_is_not_there_is_one_sentence(runner: Command) -> None:
    assert runner("run").code == 0
    for arguments, sentence in (
        (["ls", "mak"], "there is no job or resource mak (did you mean 'make'?)"),
        (["ls", "never"], "never has saved nothing"),
        (["ls", "make", "--version", "7"], "version 7 of make is not there"),
        (["ls", "--version", "7"], "--version goes with a NAME"),
        (["get", "make"], "give the PATH of a file to print ('runner state ls make' lists them), or -o DIR for all"),
        (["get", "make", "bin/tol"], "version 1 of make has saved no bin/tol (did you mean 'bin/tool'?)"),
        (["get", "make", "gone", "-o", "x"], "version 1 of make has saved no gone"),
        (["get", "make", "n", "--force"], "--force goes with -o"),
        (["rm", "nothing", "--yes"], "there is no job or resource nothing"),
    ):
        said = runner("state", *arguments)
        assert (said.code, sentence in said.err) == (2, True), said


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//b", "", ".", "a/\0"])
def test_a_path_that_leads_out_is_refused_before_anything_is_written(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="no path of a saved file"):
        unpack(tmp_path / "d", [("good", 0o644), (path, 0o644)], lambda path: b"", force=True)
    assert not (tmp_path / "d").exists()


def test_links_in_the_directory_lead_nowhere_and_nothing_acts_as_another_user(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "d/link").symlink_to(tmp_path / "out")
    (tmp_path / "d/file").symlink_to(tmp_path / "out/file")
    with pytest.raises(Exception, match="cannot be written"):
        unpack(tmp_path / "d", [("link/x", 0o644)], lambda path: b"", force=True)
    unpack(tmp_path / "d", [("file", 0o6755)], lambda path: b"x", force=True)
    assert list((tmp_path / "out").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "d/file").lstat().st_mode) == 0o755
