"""Limits from the command line and the file, and `runner doctor`."""

from __future__ import annotations

import pytest

from tests.runner_command import Project

PRINTING = "jobs: [{{name: a, type: runSh, {runtime} steps: [TASK: {{script: ['yes {line}']}}]}}]"
LINE = "x" * 10_000


@pytest.mark.parametrize(
    ("runtime", "arguments", "environ"),
    [
        ("runtime: {limits: {log: 1MiB}},", (), {}),
        ("", ("--limit", "log=1MiB"), {}),
        ("", (), {"RUNNER_LIMITS": "log=1MiB pids=500"}),
        ("runtime: {limits: {log: 5GiB}},", ("--limit", "log=1MiB"), {}),
    ],
)
def test_a_limit_comes_from_the_job_and_from_the_host_and_the_narrower_one_counts(
    project: Project, runtime: str, arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    project.write(PRINTING.format(runtime=runtime, line=LINE))
    said = project.runner("run", "--output", "plain", "--grace", "1", *arguments, **environ)
    assert said.code == 1
    (row,) = project.runner("builds", "--json").events
    assert (row["status"], row["reason"], row["ended_by"]) == ("failure", "log limit of 1 MiB reached", "limit")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("memry=1G", "there is no limit 'memry' (did you mean 'memory'?)"),
        ("zzzzzz=1", "no limit 'zzzzzz' (there are memory, pids, cpuWeight, openFiles, core, log, disk, savedFiles)"),
        ("memory=lots", "memory must be a size such as 512MiB or 2G, at least 1048576 bytes, not 'lots'"),
        ("pids", "pids must be a whole number, 1..4000000, not ''"),
    ],
)
def test_a_wrong_limit_is_refused_before_anything_runs(project: Project, limit: str, sentence: str) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [echo never]}]}]")
    said = project.runner("run", "--limit", limit)
    assert said.code == 2
    assert sentence in said.err
    assert not (project.directory / ".runner").exists()


def test_the_grace_of_a_job_is_its_own(project: Project) -> None:
    script = "[\"trap '' TERM; setsid sh -c 'trap \\\"\\\" TERM; sleep 600' &\", true]"
    project.write(f"jobs: [{{name: a, type: runSh, runtime: {{grace: 0}}, steps: [TASK: {{script: {script}}}]}}]")
    said = project.run()
    assert said.statuses() == {"a": "success"}
    assert "a process did not end within 0 s and is being killed" in said.out


def test_doctor_tells_what_holds_on_this_host(project: Project) -> None:
    said = project.runner("doctor", "--json")
    assert said.code == 0
    found = {event["name"]: event for event in said.events}
    assert found["bash"]["good"]
    assert found["child subreaper"]["good"]
    assert found["job users"]["text"].startswith("none: jobs run as ")
    assert {name for name in found if name.startswith("limit ")} == {
        f"limit {name}" for name in ("memory", "pids", "cpuWeight", "openFiles", "core", "log", "disk")
    }
    assert "control groups" in project.runner("doctor").out
    assert project.runner("doctor", "-C", "/nowhere").code == 1
    settings = project.write("[jobs]\nuser = 3\n", "runner.toml")
    said = project.runner("doctor", RUNNER_CONFIG=str(settings))
    assert said.code == 1
    assert "bad  settings" in said.out
    refused = project.runner("doctor", RUNNER_JOB_USERS="root")
    assert (refused.code, "the job user root is root" in refused.err) == (2, True)
    assert not (project.directory / ".runner").exists()
