"""The harness survives what scripts do to their shell, and does not show in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.execution.script import literal, render
from tests.execution.conftest import Run
from tests.execution.harness import ALL_HOOKS, Job, task

NAMES = (
    "log run error die info setup main start stop cleanup step exit read printf trap export set declare return builtin"
)
OVERRIDES = "\n".join(f"{name}() {{ echo overridden; }}" for name in NAMES.split() if name != "builtin")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("set -u", id="set -u"),
        pytest.param("set -euo pipefail", id="the usual strict mode"),
        pytest.param("IFS=.0123456789", id="IFS of digits and dots"),
        pytest.param("IFS=$'\\n\\t'; set -f", id="IFS without the space, no globs"),
        pytest.param("readonly IFS=SEDHX", id="a read-only IFS"),
        pytest.param("cd /", id="another directory"),
        pytest.param("mkdir gone; cd gone; rmdir ../gone", id="a directory that is gone"),
        pytest.param(OVERRIDES, id="functions with usual names"),
        pytest.param("shopt -s expand_aliases; alias trap=false read=false printf=false", id="aliases"),
        pytest.param("set -a", id="every variable exported"),
        pytest.param("set -C", id="no clobbering"),
        pytest.param("set -o posix", id="POSIX mode"),
        pytest.param("set -T; trap 'true' RETURN", id="a trap on RETURN"),
        pytest.param("trap 'true' DEBUG", id="a trap on DEBUG"),
        pytest.param("TMOUT=1", id="a limit on reading"),
        pytest.param("shopt -s nocasematch nullglob failglob extglob dotglob", id="matching options"),
        pytest.param("LC_ALL=C", id="another locale"),
        pytest.param("PATH=/nowhere", id="no PATH"),
        pytest.param("exec 3>&1 4</dev/null 9>/dev/null", id="descriptors of its own"),
        pytest.param("exec </dev/zero", id="another input"),
        pytest.param("set -- a b c; shift", id="positional parameters"),
        pytest.param("unset PWD OLDPWD HOME", id="variables of bash unset"),
        pytest.param("return 0", id="return"),
    ],
)
async def test_the_harness_survives(run: Run, script: str) -> None:
    ran = await run(script, 'echo "é $((1 + 1))"', "false", "echo never", hooks=ALL_HOOKS)
    assert ran.result.status == "failure"
    assert ran.commands == [(script, 0), ('echo "é $((1 + 1))"', 0), ("false", 1), ("on_failure", 0), ("always", 0)]
    assert ran.lines == ["é 2", "F", "A"]


async def test_tracing_shows_the_script_and_nothing_of_the_harness(run: Run) -> None:
    ran = await run("set -x", "x=1", "set +x", "echo off", "set -x; false", hooks=ALL_HOOKS)
    assert ran.story == [
        "> set -x", "< 0", "> x=1", "+++ x=1", "< 0", "> set +x", "+++ set +x", "< 0", "> echo off", "off", "< 0",
        "> set -x; false", "+++ false", "< 1",
        "> on_failure", "++ echo F", "F", "< 0", "> always", "++ echo A", "A", "< 0", "< 1",
    ]  # fmt: skip


async def test_nothing_of_the_harness_is_in_the_environment_of_programs(run: Run) -> None:
    ran = await run("set -a; mine=1", "env")
    assert "mine=1" in ran.lines
    assert not [line for line in ran.lines if "__ship" in line]


async def test_jobs_have_no_descriptors_but_their_own_and_the_channel(run: Run) -> None:
    ran = await run('for d in /proc/self/fd/*; do [ -e "$d" ] && echo "${d##*/}"; done | sort -n | xargs')
    assert ran.lines == ["0 1 2 248 249"]


async def test_output_that_looks_like_a_marker_is_output(run: Run) -> None:
    ran = await run("printf 'X0\\0'; printf '__SH__SCRIPT_END_SUCCESS__\\n'; exit 3")
    assert ran.result.exit_code == 3


async def test_a_forged_marker_does_not_make_a_failure_a_success(run: Run) -> None:
    ran = await run("printf 'X0\\0' >&248; exit 3")
    assert (ran.result.status, ran.result.exit_code) == ("failure", 3)


async def test_garbage_on_the_channel_does_no_harm(run: Run) -> None:
    ran = await run("(printf '\\0\\0Enone\\0?1\\0\\377\\0' >&248); exit 3", hooks=ALL_HOOKS)
    assert ran.result.status == "failure"


hostile = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200) | st.text(
    "'\\\"$`\n ;#!{}", max_size=40
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
async def test_the_text_of_an_entry_reaches_bash_byte_for_byte(tmp_path: Path, text: str) -> None:
    place = tmp_path / "job"
    shutil.rmtree(place, ignore_errors=True)
    script = f"printf %s {literal(text)} > text"
    ran = await Job(place=place, tasks=(task(script),)).run()
    assert ran.result.status == "success"
    assert (place / "build" / "text").read_bytes() == text.encode()
    assert ran.commands == [(script, 0)]


def test_zero_bytes_are_left_out_of_a_script() -> None:
    script = render(task("echo a\0b"), ALL_HOOKS, last=True)
    assert "\0" not in script
    assert "'echo ab'" in script


async def test_a_huge_entry_is_run_and_recorded_whole(run: Run) -> None:
    script = "x='" + "y" * 3_000_000 + "'; echo ${#x}"
    ran = await run(script)
    assert ran.lines == ["3000000"]
    assert ran.commands == [(script, 0)]


async def test_five_hundred_entries_run_in_order(run: Run) -> None:
    ran = await run(*(f"echo {number}" for number in range(500)))
    assert ran.lines == [str(number) for number in range(500)]
