"""`runner logs`: choosing lines, several builds, and what a terminal shows."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from datetime import datetime, timedelta

import pytest

from tests.runner_command import RUNNER, Project

TWO = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK: {name: one, script: [echo from one, "echo 'x: 17 warnings'"]}
          - TASK: {name: two, script: [echo from two]}
      - {name: b, type: runSh, steps: [TASK: {name: three, script: [echo from three, exit 4]}]}
"""
LONG = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK:
              name: long
              script: [echo begun, "until [ -e ../../../../gate ]; do sleep 0.02; done", seq -f %08000g 8700]
          - TASK: {name: short, script: [echo short, 'sleep 0.01; seq 3']}
"""


@pytest.fixture
def two(project: Project) -> Project:
    project.write(TWO)
    project.run()
    return project


def lines(project: Project, *arguments: str) -> list[str]:
    said = project.runner("logs", *arguments)
    assert said.code == 0, said
    return said.out.splitlines()


def test_a_pattern_chooses_lines_and_nothing_around_them(two: Project) -> None:
    assert lines(two, "a", "--grep", "^from") == ["from one", "from two"]
    assert lines(two, "a", "--grep", r"\d+ warn") == ["$ echo 'x: 17 warnings'", "x: 17 warnings"]
    assert lines(two, "a", "--grep", "nothing like this") == []
    refused = two.runner("logs", "a", "--grep", "(")
    assert refused.code == 2
    assert "--grep '(' is no regular expression" in refused.err


def test_a_level_chooses_what_the_runner_itself_says(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [sleep 60 &]}]}]")
    project.run()
    (only,) = lines(project, "a", "--level", "warning")
    assert only.startswith("warning: task 'Task 0' is over, but left a process running")
    assert lines(project, "a", "--level", "error") == []
    assert project.runner("logs", "a", "--level", "loud").code == 2


def test_the_tail_is_so_many_lines_as_they_are_shown(two: Project) -> None:
    everything = lines(two, "a")
    for count in (0, 1, 3, 1000):
        assert lines(two, "a", "--tail", str(count)) == everything[len(everything) - min(count, len(everything)) :]
    records = lines(two, "a", "--json")
    assert lines(two, "a", "--json", "-n", "2") == records[-2:]
    assert lines(two, "a", "--step", "one", "-n", "2") == lines(two, "a", "--step", "one")[-2:]


def test_the_time_can_be_bounded_on_both_sides(two: Project) -> None:
    records = [json.loads(line) for line in lines(two, "a", "--json")]
    moment = records[4]["time"]
    assert [json.loads(line) for line in lines(two, "a", "--json", "--until", moment)] == [
        record for record in records if record["time"] <= moment
    ]
    later = (datetime.fromisoformat(moment) + timedelta(hours=1)).isoformat()
    refused = two.runner("logs", "a", "--since", later, "--until", moment)
    assert refused.code == 2
    assert "nothing can lie between them" in refused.err
    assert two.runner("logs", "a", "-f", "--until", later).code == 2


def test_a_step_that_no_build_has_is_said_with_those_that_are(two: Project) -> None:
    refused = two.runner("logs", "a", "--step", "three")
    assert refused.code == 2
    assert "no TASK is called 'three': give one of one, two" in refused.err


def test_several_builds_are_shown_by_time_each_line_with_its_build(two: Project) -> None:
    shown = lines(two, "a", "b", "a/1")
    assert all(re.match(r"[0-9]{2}:[0-9]{2}:[0-9]{2} (a|b)/1 \| \S", line) for line in shown)
    assert {line.split(" | ")[1] for line in shown if " a/1 | from" in line} == {"from one", "from two"}
    assert [line[:8] for line in shown] == sorted(line[:8] for line in shown)
    assert lines(two, "b", "a", "-n", "1")[-1].endswith(shown[-1][8:])
    objects = [json.loads(line) for line in lines(two, "a", "b", "--json")]
    assert {(o["event"], o["job"], o["number"]) for o in objects} == {("record", "a", 1), ("record", "b", 1)}
    times = [o["record"]["time"] for o in objects]
    assert times == sorted(times)


def test_several_builds_are_followed_to_the_end_of_the_last(project: Project) -> None:
    gate = project.directory / "gate"
    wait = f"until [ -e {gate} ]; do sleep 0.02; done"
    project.write(f"""
        jobs:
          - {{name: a, type: runSh, steps: [TASK: {{script: [echo begun, "{wait}", echo a is over]}}]}}
          - {{name: b, type: runSh, steps: [TASK: {{script: [echo begun, "{wait}", echo b is over]}}]}}
    """)
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    begun: set[str] = set()
    while len(begun) < 2:
        begun |= set(re.findall(r"^(./1) \| begun", running.stdout.readline()))
    following = project.start("logs", "a", "b", "-f", "--tail", "2")
    assert following.stdout is not None
    first = [following.stdout.readline() for _ in range(4)]
    assert sum(line.endswith("| begun\n") for line in first) == 2
    gate.touch()
    rest = following.stdout.read()
    following.communicate(timeout=30)
    running.communicate(timeout=30)
    for job in "ab":
        assert f"{job}/1 | {job} is over" in rest
        assert f"{job}/1 | success" in rest


def terminal(project: Project, *arguments: str) -> str:
    """What the command prints where standard output is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [RUNNER, "logs", *arguments], cwd=project.directory, env={**project.environ, "TERM": "xterm"},
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # how the other end of a terminal ends
            break
        shown += block
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


def test_on_a_terminal_what_went_well_is_one_line(two: Project) -> None:
    shown = terminal(two, "a").splitlines()
    assert re.fullmatch(r"▸ Executing task: one: [0-9.]+ s, 2 lines \(--full shows them\)", shown[-3])
    assert re.fullmatch(r"▸ Executing task: two: [0-9.]+ s, 1 line", shown[-2])
    assert shown[-1].startswith("success")
    assert "from one" in terminal(two, "a", "--full")
    assert "from three" in terminal(two, "b")
    assert "from one" in terminal(two, "a", "-f")
    assert "from one" in terminal(two, "a", "--step", "one")


def test_a_warning_is_not_folded_away(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [echo x, sleep 60 &]}]}]")
    project.run()
    shown = terminal(project, "a")
    assert "left a process running" in shown
    assert "\nx\n" not in shown


def test_a_long_log_is_in_segments_and_read_as_one(project: Project) -> None:
    project.write(LONG)
    (project.directory / "gate").touch()
    assert project.runner("run", "--output", "plain", "--job", "a").code == 0
    place = project.directory / ".runner" / "builds" / "1"
    assert {"log.jsonl", "log.parts", "log.index"} <= set(os.listdir(place))
    assert any(name.endswith(".zst") for name in os.listdir(place / "log.parts"))
    records = [json.loads(line) for line in lines(project, "a", "--json")]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    printed = [record["text"] for record in records if record["type"] == "message" and "level" not in record]
    assert printed == ["begun", *(f"{number:08000}" for number in range(1, 8_701)), "short", "1", "2", "3"]
    assert lines(project, "a", "--tail", "20") == lines(project, "a")[-20:]
    assert lines(project, "a", "--step", "short", "--grep", "^[0-9]+$") == ["1", "2", "3"]
    assert lines(project, "a", "--grep", "04321$") == [f"{4321:08000}"]
    assert "▸ Executing task: long" in terminal(project, "a")
    assert len(terminal(project, "a")) < 2_000


def test_a_log_is_followed_over_segments_from_its_tail_on(project: Project) -> None:
    project.write(LONG)
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    while "| begun" not in running.stdout.readline():
        pass
    following = project.start("logs", "a", "-f", "--json", "--tail", "1")
    assert following.stdout is not None
    first = following.stdout.readline()
    (project.directory / "gate").touch()
    running.communicate(timeout=60)
    with following:
        records = [json.loads(line) for line in [first, *following.stdout]]
    assert len(records) > 8_700
    assert [record["seq"] for record in records] == list(range(records[0]["seq"], records[0]["seq"] + len(records)))
    assert records[-1]["type"] == "result"


def test_following_goes_on_when_the_runner_is_killed_and_another_one_completes_the_log(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [echo begun, sleep 600]}]}
          - {name: b, type: runSh, steps: [TASK: {script: [echo b]}]}
    """)
    running = project.start("run", "--output", "plain", "--job", "a")
    assert running.stdout is not None
    while "| begun" not in running.stdout.readline():
        pass
    following = project.start("logs", "a", "-f", "--json")
    assert following.stdout is not None
    first = following.stdout.readline()
    running.kill()
    running.communicate()
    assert project.run("--job", "b").code == 0
    with following:
        said = [first, *following.stdout]  # its notices about the killed run are among them here
        records = [json.loads(line) for line in said if not line.startswith("runner: ")]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    assert (records[-1]["type"], records[-1]["status"]) == ("result", "error")
