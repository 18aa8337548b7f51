"""`shipctl replace`: envsubst in place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.shipctl.placeholders import PLACEHOLDER
from tests.shipctl.conftest import Answer, Job

ROWS = [
    ("$NAME", "value"),
    ("${NAME}", "value"),
    ("a${NAME}b$NAME.c", "avalueb" + "value.c"),
    ("[$UNDEFINED][${UNDEFINED}]", "[][]"),
    ("${NAME:-d} ${NAME-d} ${ NAME} ${NAME", "${NAME:-d} ${NAME-d} ${ NAME} ${NAME"),
    ("\\$ $$ $ $1 ${1} ${}", "\\$ $$ $ $1 ${1} ${}"),
    ("\\$NAME $$NAME", "\\value $value"),
    ("$MULTI", "a\n$NAME b"),
    ("no newline at the end", "no newline at the end"),
]
VALUES = {"NAME": "value", "MULTI": "a\n$NAME b"}


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_placeholders_are_replaced_in_place(job: Job, text: str, expected: str) -> None:
    path = job.write("work/file", text)
    assert job.shipctl("replace", "work/file", environ=VALUES) == Answer(0, "")
    assert path.read_text() == expected


def test_several_files_keep_their_modes_and_other_bytes(job: Job) -> None:
    script = job.write("work/run me.sh", "#!/bin/sh\necho $NAME\n", mode=0o755)
    binary = job.root / "work/binary"
    binary.write_bytes(b"\0\xff$NAME\r\n\xfe")
    binary.chmod(0o600)
    assert job.shipctl("replace", script, binary, environ=VALUES) == Answer(0, "")
    assert (script.read_text(), script.stat().st_mode & 0o777) == ("#!/bin/sh\necho value\n", 0o755)
    assert (binary.read_bytes(), binary.stat().st_mode & 0o777) == (b"\0\xffvalue\r\n\xfe", 0o600)
    assert sorted(path.name for path in (job.root / "work").iterdir()) == ["binary", "run me.sh"]


def test_a_link_stays_a_link(job: Job) -> None:
    job.write("work/real", "$NAME")
    (job.root / "work/link").symlink_to("real")
    assert job.shipctl("replace", "work/link", environ=VALUES) == Answer(0, "")
    assert (job.root / "work/link").is_symlink()
    assert (job.root / "work/real").read_text() == "value"


def test_a_directory_is_refused(job: Job) -> None:
    expected = Answer(82, "shippable_replace is not supported for directories\n")
    assert job.shipctl("replace", "work") == expected


def test_a_missing_file_is_a_sentence_and_earlier_files_are_done(job: Job) -> None:
    path = job.write("work/first", "$NAME")
    answer = job.shipctl("replace", path, "missing", environ=VALUES)
    assert answer == Answer(1, "", "shipctl: cannot replace in missing: missing: No such file or directory\n")
    assert path.read_text() == "value"


def test_no_file_at_all_is_a_success(job: Job) -> None:
    assert job.shipctl("replace") == Answer(0, "")


@pytest.mark.skipif(not Path("/usr/bin/envsubst").exists(), reason="envsubst is not installed")
@settings(max_examples=40, deadline=None)
@given(st.text("$${}NAE_1:-\\ \n", max_size=20))
def test_envsubst_gives_the_same(text: str) -> None:
    given_values = {"NAME": "value", "A": "1", "N": "$A"}
    theirs = subprocess.run(["/usr/bin/envsubst"], input=text, env=given_values, capture_output=True, text=True)
    ours = PLACEHOLDER.sub(lambda m: given_values.get((m[1] or m[2]).decode(), "").encode(), text.encode())
    assert ours.decode() == theirs.stdout
