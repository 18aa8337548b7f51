"""What the runner reads of a directory that scripts have written: nothing that the scripts could not read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runner.errors import RunnerError
from runner.job_user import JobUser
from runner.workspace.saved_files import DEEPEST, Tree, collect, read_text, restore

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
USER = JobUser(name="ada", uid=61018, gid=61018, groups=(61017,))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "work" / "state"
    directory.mkdir(parents=True)
    return directory


def saved(state: Path, user: JobUser | None = None) -> dict[str, bytes]:
    return {file.path: file.content for file in collect(Tree(state.parent, user), "state", owner="job j")}


def test_links_are_followed_inside_the_directory_and_nowhere_else(state: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("hidden")
    (tmp_path / "state-too").mkdir()
    (state / "below").mkdir()
    (state / "below" / "file").write_text("own")
    for name, target in {
        "inside": "below/file", "again": f"{state}/below/file", "outside": "../../outside", "root": "/etc/passwd",
        "directory": "below", "above": "..", "nowhere": "nothing", "loop": "loop", "self": "/proc/self/environ",
    }.items():  # fmt: skip
        (state / name).symlink_to(target)
    assert saved(state) == {"below/file": b"own", "inside": b"own", "again": b"own"}


def test_what_is_no_file_is_left_out_and_not_waited_for(state: Path) -> None:
    os.mkfifo(state / "pipe")
    (state / "pipe-too").symlink_to("pipe")
    (state / "file").write_text("own")
    assert saved(state) == {"file": b"own"}
    with pytest.raises(RunnerError, match="state/pipe is no regular file"):
        read_text(Tree(state.parent), "state/pipe")


@pytest.mark.parametrize("part", ["state", "state/deep", "state/deep/file.env"])
def test_a_link_on_the_way_to_a_document_is_a_sentence(state: Path, tmp_path: Path, part: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "file.env").write_text("k=hidden")
    state.rmdir()
    path = state.parent / part
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(elsewhere / part.removeprefix("state").lstrip("/"))
    with pytest.raises(RunnerError, match="a script has changed it"):
        read_text(Tree(state.parent), "state/deep/file.env")


def test_directories_without_end_are_a_sentence(state: Path) -> None:
    deep = state
    for _ in range(DEEPEST + 1):
        deep = deep / "d"
        deep.mkdir()
    with pytest.raises(RunnerError, match=f"nested deeper than {DEEPEST}"):
        saved(state)


@needs_root
@pytest.mark.parametrize(
    ("owner", "mode", "readable"),
    [
        ((61018, 0), 0o000, True),
        ((0, 0), 0o600, False),
        ((0, 0), 0o640, False),
        ((0, 61018), 0o640, True),
        ((0, 61017), 0o640, True),
        ((0, 0), 0o644, True),
        ((61016, 61018), 0o600, False),
    ],
)
def test_a_hard_link_to_what_the_jobs_user_may_not_read_is_not_read_for_it(
    state: Path, tmp_path: Path, owner: tuple[int, int], mode: int, readable: bool
) -> None:
    target = tmp_path / "target"
    target.write_text("hidden")
    os.chown(target, *owner)
    target.chmod(mode)
    (state / "link").hardlink_to(target)
    tree = Tree(state.parent, USER)
    if readable:
        assert saved(state, USER) == {"link": b"hidden"}
        assert read_text(tree, "state/link") == "hidden"
        return
    for reading in (lambda: collect(tree, "state", owner="job j"), lambda: read_text(tree, "state/link")):
        with pytest.raises(RunnerError, match=r"state/link cannot be .*: it is another user's file"):
            reading()


def test_a_saved_file_does_not_act_as_whoever_writes_it_again(state: Path) -> None:
    (state / "tool").write_text("own")
    (state / "tool").chmod(0o6755)
    again = state.parent / "again"
    again.mkdir()
    restore(again, collect(Tree(state.parent), "state", owner="job j"))
    assert stat.S_IMODE((again / "tool").stat().st_mode) == 0o755
