"""Commands that write `$JOB_STATE/<resource>.env`."""

from __future__ import annotations

import subprocess

import pytest

from tests.shipctl.conftest import Answer, Job

NOTHING = Answer(0, "")


def test_put_adds_a_line_and_post_starts_anew(job: Job) -> None:
    assert job.shipctl("put_resource_state", "my-out.1", "versionName", "v 1") == NOTHING
    assert job.shipctl("put_resource_state", "my-out.1", "k", "a=b=c") == NOTHING
    assert job.state("my-out.1.env") == "versionName=v 1\nk=a=b=c\n"
    assert job.shipctl("post_resource_state", "my-out.1", "k", "new") == NOTHING
    assert job.state("my-out.1.env") == "k=new\n"


@pytest.mark.parametrize("value", ["-n x", "  two  blanks ", "*", "$HOME `id` \\n", "q\"'", "é\r"])
def test_a_value_is_written_as_it_is(job: Job, value: str) -> None:
    assert job.shipctl("put_resource_state", "r", "k", value) == NOTHING
    assert (job.root / "state/r.env").read_bytes() == f"k={value}\n".encode()


@pytest.mark.parametrize("command", ["put_resource_state_multi", "post_resource_state_multi"])
def test_each_word_of_each_argument_is_a_line(job: Job, command: str) -> None:
    job.write("aglob", "")
    assert job.shipctl(command, "r", "a=1 b=2\tc=*", "versionName=a*\nd=4  ", "é=\u00a0x") == NOTHING
    assert job.state("r.env") == "a=1\nb=2\nc=*\nversionName=a*\nd=4\né=\u00a0x\n"


def test_multi_adds_or_starts_anew(job: Job) -> None:
    job.write("state/r.env", "old=1\n")
    assert job.shipctl("put_resource_state_multi", "r", "b=2") == NOTHING
    assert job.state("r.env") == "old=1\nb=2\n"
    assert job.shipctl("post_resource_state_multi", "r", "c=3") == NOTHING
    assert job.state("r.env") == "c=3\n"
    assert job.shipctl("post_resource_state_multi", "r", "  ") == NOTHING
    assert job.state("r.env") == ""


def test_a_line_is_not_added_to_an_unfinished_one(job: Job) -> None:
    job.write("state/r.env", "by=hand")
    assert job.shipctl("put_resource_state", "r", "k", "v") == NOTHING
    assert job.state("r.env") == "by=hand\nk=v\n"


@pytest.mark.parametrize("command", ["put_resource_state", "post_resource_state"])
@pytest.mark.parametrize(("key", "value"), [("k", "one\ntwo=2"), ("k\nx", "v")])
def test_a_line_break_is_refused_and_nothing_written(job: Job, command: str, key: str, value: str) -> None:
    answer = job.shipctl(command, "r", key, value)
    assert answer == Answer(
        99,
        "shipctl: the state of r has one KEY=VALUE a line and cannot hold a line break: "
        "encode the value of 'k', or save it with copy_file_to_state\n",
    )
    assert not (job.root / "state/r.env").exists()


@pytest.mark.parametrize("name", ["../escape", "a/b", "a\nb"])
def test_a_name_that_is_no_resource_is_refused(job: Job, name: str) -> None:
    answer = job.shipctl("put_resource_state", name, "k", "v")
    assert answer == Answer(99, f"shipctl: '{name}' is not the name of a resource: it names no single file\n")
    assert list((job.root / "state").iterdir()) == []


def test_post_keeps_the_mode_and_leaves_no_other_file(job: Job) -> None:
    path = job.write("state/r.env", "old=1\n", mode=0o640)
    job.shipctl("post_resource_state", "r", "k", "v")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in (job.root / "state").iterdir()] == ["r.env"]


def test_processes_that_add_at_once_do_not_mix_their_lines(job: Job) -> None:
    long = "x" * 3000
    script = f'for i in 1 2 3 4 5 6 7 8; do shipctl put_resource_state_multi r "a$i={long} b$i={long}" & done; wait'
    subprocess.run(["bash", "-c", script], env=job.environ, check=True)
    lines = job.state("r.env").splitlines()
    assert sorted(lines) == sorted(f"{key}{i}={long}" for i in range(1, 9) for key in "ab")
