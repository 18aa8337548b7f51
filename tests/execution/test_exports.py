"""Variables reach scripts and programs byte for byte, and what cannot be set is said."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.execution.conftest import Run
from tests.execution.harness import Job, task

HOSTILE = {
    "QUOTES": """it's a "quoted" `tick` '""" + "'\\''",
    "DOLLARS": "$HOME ${HOME} $(id) $((1+1)) $$",
    "SLASHES": "\\ \\\\ \\n \\'",
    "NEWLINES": "\none\n\ntwo\n\n",
    "RETURNS": "a\r\nb\r",
    "CONTROLS": "".join(chr(code) for code in range(1, 32)) + "\x7f",
    "UNICODE": "é ß 日本語 🙂 \u2028 \ufeff",
    "NO_UNICODE": "\udcff\udc80",
    "GLOBS": "* ? [a-z] ~ {a,b} !x #y",
    "EMPTY": "",
    "SPACES": "   ",
    "DASH": "-n -e --",
    "EOF": "EOF\nexport X=1\n",
}


async def test_hostile_values_reach_programs_byte_for_byte(run: Run, tmp_path: Path) -> None:
    ran = await run("cat /proc/self/environ > environ", exports=tuple(HOSTILE.items()))
    assert ran.result.status == "success"
    environ = dict(pair.split(b"=", 1) for pair in (tmp_path / "build" / "environ").read_bytes().split(b"\0")[:-1])
    for name, value in HOSTILE.items():
        assert environ[name.encode()] == value.encode("utf-8", "surrogateescape")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60), max_size=20))
async def test_any_values_reach_the_shell_byte_for_byte(tmp_path: Path, values: list[str]) -> None:
    place = tmp_path / "job"
    shutil.rmtree(place, ignore_errors=True)
    exports = tuple((f"V{number}", value) for number, value in enumerate(values))
    script = "{ :; " + "".join(f"printf '%s\\0' \"$V{number}\";" for number in range(len(values))) + " } > out"
    job = Job(place=place, tasks=(task(script),), exports=exports)
    assert (await job.run()).result.status == "success"
    assert (place / "build" / "out").read_bytes() == b"".join(value.encode() + b"\0" for value in values)


async def test_a_later_value_wins(run: Run) -> None:
    ran = await run("echo $A$B", exports=(("A", "1"), ("B", "2"), ("A", "3")))
    assert ran.lines == ["32"]


async def test_a_value_that_no_program_could_be_given_is_set_in_the_shell_only(run: Run) -> None:
    exports = (
        ("HUGE", "x" * 1_000_000),
        ("EDGE", "y" * (128 * 1024 - 6)),
        ("OVER", "z" * (128 * 1024 - 5)),
        ("S", "t"),
    )
    ran = await run('echo ${#HUGE} ${#EDGE} ${#OVER}; sh -c \'echo "[$HUGE]" ${#EDGE} "[$OVER]" $S\'', exports=exports)
    assert ran.lines == ["1000000 131066 131067", "[] 131066 [] t"]
    assert ran.notes == [
        "the variable HUGE has 1,000,000 bytes: it is set in the shell, but programs do not get it",
        "the variable OVER has 131,067 bytes: it is set in the shell, but programs do not get it",
    ]


async def test_many_long_values_together_leave_programs_able_to_start(run: Run) -> None:
    exports = (*((f"V{number}", "x" * (50_000 + number)) for number in range(60)), ("SMALL", "s"))
    ran = await run("sh -c 'echo $SMALL'; echo ${#V0} ${#V59}", exports=exports)
    assert ran.lines == ["s", "50000 50059"]
    assert "V59" in ran.notes[-1]


async def test_names_that_bash_does_not_take_are_passed_over_with_a_warning(run: Run) -> None:
    exports = (("1ABC", "a"), ("bad-key", "b"), ("two words", "c"), ("", "d"), ("x;echo hacked", "e"), ("GOOD", "g"))
    ran = await run("echo $GOOD", exports=exports)
    assert ran.lines == ["g"]
    assert [note.split(" was")[0] for note in ran.notes] == [
        f"the variable {name!r}" for name in ("1ABC", "bad-key", "two words", "", "x;echo hacked")
    ]
    assert ran.result.status == "success"


async def test_names_that_belong_to_bash_or_the_runner_are_passed_over_with_a_warning(run: Run) -> None:
    names = ("UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO", "__ship_text")
    ran = await run("echo on; id -u; echo $UID", exports=tuple((name, "7") for name in names))
    assert ran.lines[0] == "on"
    assert ran.lines[1] == ran.lines[2]
    assert len(ran.notes) == len(names)


async def test_a_zero_byte_is_left_out_with_a_warning(run: Run) -> None:
    ran = await run("echo $A", exports=(("A", "x\0y"),))
    assert ran.lines == ["xy"]
    assert ran.notes == ["the variable A was set without its zero bytes: no program can be given them"]


async def test_values_are_in_no_argument_and_no_file(run: Run, tmp_path: Path) -> None:
    secret = "never-on-disk-4711"
    script = "cat /proc/$$/cmdline /proc/$PPID/cmdline /proc/$$/environ /proc/$PPID/environ | tr '\\0' '\\n'"
    ran = await run(script, exports=(("SECRET", secret),))
    assert secret not in "\n".join(ran.lines)
    assert not [path for path in files(tmp_path) if secret.encode() in path.read_bytes()]


def files(place: Path) -> list[Path]:
    return [path for path in place.rglob("*") if path.is_file()]


async def test_programs_start_with_the_given_environment_and_nothing_of_the_runners(run: Run) -> None:
    ran = await run("env | cut -d= -f1 | sort | xargs", exports=(("ONE", "1"),))
    assert ran.lines == ["HOME LANG ONE PATH PWD SHIPPABLE_SUPERVISOR SHLVL _"]
