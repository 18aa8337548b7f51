"""The shim's own answers and those of Python are the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.shipctl.lookups import KEYED, SUFFIXES
from runner.shipctl.shim import shim_text
from tests.shipctl.conftest import PACKAGE_ROOT, PYTHON, Answer, Job, answer

COMMANDS = [
    *SUFFIXES,
    *KEYED,
    "get_resource_env",
    "get_resource_name",
    "to_uppercase",
    "sanitize_shippable_string",
    "unknown",
]
NAME = st.one_of(
    st.text("aZ_-. 09", max_size=8),
    st.sampled_from(["own", "ow-n", "1own", "bash", "comp", "path", "-n", "--", "*", "$HOME", "a/../own", "ı", "ß"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    st.binary(max_size=4).map(lambda b: b.replace(b"\0", b"").decode("utf-8", "surrogateescape")),
)
VALUE = st.one_of(
    st.sampled_from(["", "-n x", "*", "  a  b ", "a\n\n", "\\", "%d", "$(id)", "`id`"]),
    st.binary(max_size=12).map(lambda b: b.replace(b"\0", b"").decode("utf-8", "surrogateescape")),
)
LOCALE = st.sampled_from(["C", "C.UTF-8"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.sampled_from(COMMANDS), arguments=st.lists(NAME, max_size=3), value=VALUE, locale=LOCALE)
def test_bash_and_python_give_the_same_answer(
    job: Job, command: str, arguments: list[str], value: str, locale: str
) -> None:
    environ = {**job.environ, "LC_ALL": locale, **dict.fromkeys(_variables(command, arguments), value)}
    through_the_shim = job.shipctl(command, *arguments, environ=environ)
    assert through_the_shim == answer([*PYTHON, command, *arguments], environ, job.root)


def _variables(command: str, arguments: list[str]) -> list[str]:
    """Variables that the call may mean, so that there is something to find."""
    names = ["".join(c for c in a if c.isascii() and (c.isalnum() or c == "_")).upper() for a in arguments]
    prefix = names[0].lstrip("0123456789") if names else ""
    key = names[1] if len(names) > 1 else ""
    return [prefix + SUFFIXES.get(command, "_ID"), f"{prefix}{KEYED.get(command, '_')}{key}"]


PLAIN = [
    (["to_uppercase", "a-b.c d"], "A-B.C D"),
    (["sanitize_shippable_string", "1a-b"], "1ab"),
    (["get_resource_name", "1a-b"], "AB"),
    *[([command, "my-repo"], None) for command in SUFFIXES],
    (["get_resource_env", "my-repo", "pointer_region"], "us-east-1"),
    (["get_params_resource", "my-repo", "db-host"], "db.example"),
    (["get_integration_resource_field", "my.keys", "name"], "keys"),
    (["get_integration_field", "own", "url"], "https://own.example"),
]


@pytest.mark.parametrize(("call", "expected"), PLAIN, ids=[row[0][0] for row in PLAIN])
def test_a_plain_lookup_starts_no_python(job: Job, call: list[str], expected: str | None) -> None:
    (job.bin / "shipctl").write_text(shim_text("/nowhere/python", PACKAGE_ROOT))
    if expected is None:
        expected = job.environ["MYREPO" + SUFFIXES[call[0]]]
    assert job.shipctl(*call) == Answer(0, f"{expected}\n")


def test_the_shim_takes_paths_with_blanks_and_quotes(tmp_path: Path) -> None:
    odd = tmp_path / "a b'c\"$d"
    odd.mkdir()
    (odd / "python").symlink_to(sys.executable)
    (odd / "runner").symlink_to(Path(PACKAGE_ROOT) / "runner")
    shim = odd / "shipctl"
    shim.write_text(shim_text(str(odd / "python"), str(odd)))
    shim.chmod(0o755)
    assert answer([str(shim), "bump_version", "1.2.3", "minor"], {}, tmp_path) == Answer(0, "1.3.0\n")
