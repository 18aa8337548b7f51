"""Commands that carry files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.shipctl.copying import quoted
from tests.shipctl.conftest import Answer, Job

RESTORING = "---------------- Restoring file from state -------------------\n"
COPYING = "---------------- Copying file to state -------------------\n"
NEW = "---------------  New file exists, copying  ----------------\n"
OLD = "---  New file does not exist, hence try to copy from prior state ---\n"


def _copied(source: str | Path, target: Path) -> str:
    return f"'{source}' -> '{target}'\n"


def test_a_file_goes_to_the_state_with_its_mode(job: Job) -> None:
    job.write("work/f x", "content", mode=0o750)
    answer = job.shipctl("copy_file_to_state", "work/f x")
    target = job.root / "state/f x"
    assert answer == Answer(0, _copied("work/f x", target))
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o750)


def test_a_file_that_is_there_already_is_overwritten(job: Job) -> None:
    job.write("f", "new", mode=0o600)
    job.write("state/f", "older and longer")
    assert job.shipctl("copy_file_to_state", "f") == Answer(0, _copied("f", job.root / "state/f"))
    assert (job.state("f"), (job.root / "state/f").stat().st_mode & 0o777) == ("new", 0o600)


def test_a_missing_file_is_the_message_of_cp(job: Job) -> None:
    expected = Answer(1, "", "cp: cannot stat 'no/f': No such file or directory\n")
    assert job.shipctl("copy_file_to_state", "no/f") == expected


def test_a_directory_is_copied_with_all_below(job: Job) -> None:
    job.write("d/one", "1")
    job.write("d/sub/.two", "2", mode=0o755)
    state = job.root / "state"
    copied = [("d", ""), ("d/one", "/one"), ("d/sub", "/sub"), ("d/sub/.two", "/sub/.two")]
    expected = "".join(_copied(source, Path(f"{state}/d{below}")) for source, below in copied)
    assert job.shipctl("copy_file_to_state", "d") == Answer(0, expected)
    assert (state / "d/sub/.two").stat().st_mode & 0o777 == 0o755


def test_the_build_directory_is_not_copied_into_itself_for_ever(job: Job) -> None:
    job.write("state/kept", "x")
    answer = job.shipctl("copy_file_to_state", ".")
    assert answer.status == 1
    assert answer.err == f"cp: cannot copy a directory, '.', into itself, '{job.root}/state/.'\n"
    assert (job.root / "state/IN/my-repo/version.json").is_file()
    assert not (job.root / "state/state").exists()


def test_a_file_of_the_state_is_not_emptied_by_a_copy_onto_itself(job: Job) -> None:
    path = job.write("state/f", "content")
    expected = Answer(1, "", f"cp: '{path}' and '{path}' are the same file\n")
    assert job.shipctl("copy_file_to_state", path) == expected
    assert path.read_text() == "content"


def test_a_link_is_followed_when_it_is_named_and_kept_below(job: Job) -> None:
    job.write("d/real", "content")
    (job.root / "d/link").symlink_to("real")
    assert job.shipctl("copy_file_to_state", "d/link").status == 0
    assert job.shipctl("copy_file_to_state", "d").status == 0
    assert not (job.root / "state/link").is_symlink()
    assert (job.root / "state/d/link").readlink() == Path("real")


def test_what_cannot_be_copied_does_not_cost_the_rest(job: Job) -> None:
    os.makedirs(job.root / "d")
    os.mkfifo(job.root / "d/a-pipe")
    job.write("d/file", "1")
    job.write("state/d/sub/x", "")
    job.write("d/sub", "a file where a directory is")
    answer = job.shipctl("copy_file_to_state", "d")
    assert answer.status == 1
    assert answer.err == (
        "cp: 'd/a-pipe' is neither a file nor a directory and was not copied\n"
        f"cp: cannot overwrite directory '{job.root}/state/d/sub' with non-directory\n"
    )
    assert job.state("d/file") == "1"


def test_a_file_of_the_previous_state_is_restored(job: Job) -> None:
    old = job.write("previousState/f", "old")
    answer = job.shipctl("copy_file_from_prev_state", "f", "work")
    said = RESTORING + "------  File exists, copying -----\n" + f"'{old}' -> 'work/f'\n"
    assert answer == Answer(0, said)
    assert (job.root / "work/f").read_text() == "old"


@pytest.mark.parametrize("name", ["missing", "directory"])
def test_what_the_previous_state_does_not_have_is_skipped(job: Job, name: str) -> None:
    (job.root / "previousState/directory").mkdir()
    answer = job.shipctl("copy_file_from_prev_state", name, "work")
    assert answer == Answer(0, RESTORING + "------  File does not exist in previous state, skipping -----\n")


def test_a_restore_path_that_does_not_exist_is_status_1(job: Job) -> None:
    job.write("previousState/f", "old")
    answer = job.shipctl("copy_file_from_prev_state", "f", "no/such/place")
    assert answer.status == 1
    assert answer.err.endswith("to 'no/such/place': No such file or directory\n")


def test_refresh_takes_the_new_file_then_the_previous_one_then_nothing(job: Job) -> None:
    state = job.root / "state"
    skipped = "-------  No previous state file exists. Skipping  ---------\n"
    assert job.shipctl("refresh_file_to_state", "work/f") == Answer(0, COPYING + OLD + skipped)
    old = job.write("previousState/f", "old")
    found = "\n------  File exists in previous state, copying -----\n"
    assert job.shipctl("refresh_file_to_state", "work/f") == Answer(
        0, COPYING + OLD + found + _copied(old, state / "f")
    )
    assert job.state("f") == "old"
    job.write("work/f", "new")
    assert job.shipctl("refresh_file_to_state", "work/f") == Answer(0, COPYING + NEW + _copied("work/f", state / "f"))
    assert job.state("f") == "new"


@pytest.mark.parametrize("command", ["copy_resource_file_from_state", "copy_file_from_resource_state"])
def test_a_file_of_a_resource_is_fetched(job: Job, command: str) -> None:
    source = job.write("IN/my-repo/gitRepo/f", "from the repository")
    answer = job.shipctl(command, "my-repo", "f", "work")
    said = "----------------  File exists, copying -----------------------\n"
    assert answer == Answer(0, RESTORING + said + f"'{source}' -> 'work/f'\n")
    missing = job.shipctl(command, "my-repo", "g", "work")
    assert missing == Answer(0, RESTORING + "------  File does not exist in my-repo state, skipping -----\n")


@pytest.mark.parametrize("command", ["refresh_file_to_out_path", "copy_file_to_resource_state"])
def test_a_file_goes_to_the_state_of_an_out_resource(job: Job, command: str) -> None:
    target = job.root / "OUT/my-out/state/f"
    skipped = "------  File does not exist in previous state, skipping -----\n"
    assert job.shipctl(command, "work/f", "my-out") == Answer(0, COPYING + OLD + skipped)
    old = job.write("IN/my-out/state/f", "old")
    found = "------  File exists in previous state, copying -----\n"
    assert job.shipctl(command, "work/f", "my-out") == Answer(0, COPYING + OLD + found + _copied(old, target))
    job.write("work/f", "new")
    assert job.shipctl(command, "work/f", "my-out") == Answer(0, COPYING + NEW + _copied("work/f", target))
    assert target.read_text() == "new"


@pytest.mark.parametrize("name", ["plain", "a b", "it's", 'it\'s "it"', "$x", "a\nb", "-n", "é", "it's\n$"])
def test_the_lines_are_those_of_cp(job: Job, name: str) -> None:
    job.write(f"work/{name}/{name}", "x")
    ours = job.shipctl("copy_file_to_state", f"work/{name}")
    theirs = subprocess.run(
        ["cp", "-vr", f"work/{name}", job.root / "previousState"],
        cwd=job.root,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert ours == Answer(0, theirs.stdout.replace("/previousState/", "/state/"))


@settings(max_examples=25, deadline=None)
@given(st.text("a '\"$`\\\n\t", min_size=1, max_size=8))
def test_a_printed_name_can_be_pasted_into_a_shell(name: str) -> None:
    done = subprocess.run(["bash", "-c", f"printf %s {quoted(name)}"], capture_output=True, text=True)
    assert done.stdout == name
