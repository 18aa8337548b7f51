"""Every verb against a service: as it works locally, and the service's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.remote_service import Command, ServiceThread, running
from tests.daemon.running import Host

PIPELINE = """
resources:
  - {name: img, type: image, versionTemplate: {sourceName: a/b, versionName: none}}
  - {name: off, type: params, versionTemplate: {params: {a: b}}}
jobs:
  - name: build
    type: runSh
    steps:
      - OUT: img
      - TASK:
          name: make
          script:
            - echo "hello $WHO"
            - echo -e "\\e]0;title\\a"
            - shipctl put_resource_state img versionName "1.$BUILD_NUMBER"
  - name: broken
    type: runSh
    steps:
      - TASK: {script: [exit 3]}
  - name: gate
    type: runSh
    steps:
      - IN: off
        switch: off
      - TASK: {script: ['true']}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceThread]:
    host = Host(tmp_path_factory.mktemp("service"))
    host.write(PIPELINE)
    with running(host) as service:
        yield service


@pytest.fixture
def runner(
    service: ServiceThread, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    monkeypatch.setenv("RUNNER_HOST", service.url)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


def test_run_shows_the_builds_of_a_service_like_a_local_run_and_exits_like_one(runner: Command) -> None:
    said = runner("run", "--job", "build", "--param", "WHO=ann", "--output", "json")
    assert said.code == 0
    assert "hello ann" in said.messages("build")
    assert said.statuses() == {"build": "success"}
    said = runner("run", "--job", "build", "--job", "broken", "--output", "plain")
    assert said.code == 1
    assert "broken | exit 3" in said.out.replace("/1", "").replace("/2", "")
    assert "broken/1: failure after" in said.out


def test_run_detached_tells_how_to_find_the_build_again(runner: Command, service: ServiceThread) -> None:
    said = runner("run", "--job", "broken", "--detach")
    name = said.out.split(" ")[0]
    assert f"runner logs -f {name} --host {service.url}" in said.out
    assert runner("logs", "-f", name).out.splitlines()[-1].startswith("failure (exit 3) after")


def test_run_starts_nothing_where_one_of_the_jobs_is_not_there(runner: Command) -> None:
    before = runner("builds", "--json").out
    said = runner("run", "--job", "build", "--job", "biuld")
    assert (said.code, said.err) == (2, "runner: there is no job biuld (did you mean 'build'?)\n")
    assert runner("builds", "--json").out == before


def test_options_that_are_the_service_s_business_are_refused(runner: Command) -> None:
    for options in (["--limit", "pids=4"], ["--max-parallel", "2"], ["shippable.yml"]):
        said = runner("run", "--job", "build", *options)
        assert (said.code, "does not go with --host" in said.err) == (2, True)
    assert "name them with --job" in runner("run").err


def test_builds_and_their_logs_are_shown_with_all_options(runner: Command) -> None:
    assert runner("run", "--job", "build").code == 0
    head, newest, *_ = runner("builds", "build").out.splitlines()
    assert head.split() == ["BUILD", "STATUS", "STARTED", "TIME", "TRIGGERED", "BY", "REASON"]
    name = newest.split()[0]
    (build,) = runner("builds", "build", "-n", "1", "--json").events
    assert (name, build["status"]) == (f"build/{build['number']}", "success")
    whole = runner("logs", name)
    assert "hello" in whole.out
    assert "\x1b" not in whole.out
    assert runner("logs", name, "--tail", "1").out == whole.out.splitlines(keepends=True)[-1]
    assert runner("logs", name, "--grep", "^hello").out.splitlines() == ["hello "]
    assert "hello" in runner("logs", name, "--step", "make", "--since", "10m").out
    assert "no TASK is called 'mkae': give one of make" in runner("logs", name, "--step", "mkae").err
    assert [event["type"] for event in runner("logs", name, "--json").events][-1] == "result"


def test_gc_tells_what_would_go_of_a_service_and_leaves_it_to_it(runner: Command, service: ServiceThread) -> None:
    state = str(service.host.settings.state_dir)
    for _ in range(2):
        assert runner("run", "--job", "broken", "--detach").code == 0
        runner("logs", "-f", "broken")
    said = runner("gc", "--dry-run", "--state-dir", state, "--builds", "1", "--json")
    assert (said.code, said.events[0]["dry_run"]) == (0, True)
    assert "RUNNER_HOST is not followed" in said.err
    assert runner("gc", "--dry-run", "-C", state, "--builds", "1", "--json").out == said.out
    assert "removes builds by itself" in runner("gc", "-C", state).err
    assert "is no state directory of a service" in runner("gc", "--dry-run", "--state-dir", "nowhere").err


def test_cancel_ends_a_build_and_waits_for_it(runner: Command, service: ServiceThread) -> None:
    runner("drain")
    try:
        said = runner("run", "--job", "build", "--detach").out
        assert f" is queued at {service.url}: the service is draining" in said
        name = said.split(" ")[0]
        assert "has no log yet, it is queued: -f waits for it" in runner("logs", name).err
        assert f"{name[6:]} queued: the service is draining" in runner("plan", "--job", "build").out
        assert runner("cancel", name, "--reason", "not now").out == f"{name}: cancelled: not now\n"
        assert runner("cancel", name).out == f"{name} has ended already: cancelled\n"
        assert "it never began, or its log was removed (cancelled: not now)" in runner("logs", name, "-f").err
    finally:
        assert runner("drain", "--off").out == "builds are started again\n"


def test_what_a_service_has_is_listed_for_people_and_for_programs(runner: Command) -> None:
    assert [line.split()[0] for line in runner("jobs").out.splitlines()] == ["JOB", "broken", "build", "gate"]
    assert {job["name"] for job in runner("jobs", "--json").events} == {"build", "broken", "gate"}
    assert [line.split()[0] for line in runner("resources").out.splitlines()] == ["RESOURCE", "img", "off"]
    assert runner("versions", "off").out.splitlines()[1].split()[0] == "1"
    assert runner("versions", "off", "--json").events[0]["propertyBag"] == {"params": {"a": "b"}}
    assert "there is no job or resource imgg" in runner("versions", "imgg").err
    assert "in force" in runner("pipelines").out
    assert runner("pipelines", "--json").events[0]["name"] == "shop"
    assert [line.split(maxsplit=1)[1] for line in runner("plan").out.splitlines()[1:]] == [
        "is started by a person alone: it has no input that could start it"
    ] * 3


def test_the_variables_of_a_job_are_told_by_its_service(runner: Command, service: ServiceThread) -> None:
    said = runner("env", "build", "-n", "IMG_V*", "-n", "JOB_NAME", "-n", "BUILD_DIR")
    assert said.code == 0
    name, place, *versions = said.out.splitlines()
    assert (name, place.split("/builds/")[0]) == (
        "JOB_NAME=build  # platform",
        f"BUILD_DIR={service.host.settings.state_dir}",
    )
    assert [line.split("=")[0] for line in versions] == ["IMG_VERSIONNAME", "IMG_VERSIONNUMBER", "IMG_VERSIONID"]
    assert "there is no job biuld (did you mean 'build'?)" in runner("env", "biuld").err
    assert "build has no TASK 'mkae' (did you mean 'make'?)" in runner("env", "build", "--task", "mkae").err
    refused = runner("env", "build", "--param", "A=b").err
    assert "--param does not go with --host, for which RUNNER_HOST stands: the service has" in refused
    number = runner("env", "build", "-n", "BUILD_NUMBER").out.split()[0].partition("=")[2]
    assert runner("run", "--job", "build", "--detach").out.startswith(f"build/{number} is ")
    assert runner("logs", "-f", f"build/{number}").code == 0


def test_a_resource_of_a_service_is_shown_as_one_of_a_file(runner: Command, service: ServiceThread) -> None:
    assert runner("run", "--job", "build").code == 0
    said = runner("resource", "show", "img")
    assert f"declared     {service.host.directory}" in said.out
    assert "OUT of       build" in said.out
    assert " by build/" in said.out
    (newest, *_) = json.loads(runner("resource", "show", "img", "--json").out)["history"]["newest"]
    assert newest["versionName"] == runner("versions", "img", "--json").events[0]["versionName"]
    assert "there is no resource igm (did you mean 'img'?)" in runner("resource", "show", "igm").err
    assert "IN of        gate (switch off)" in runner("resource", "show", "off").out


def test_a_job_is_paused_resumed_approved_and_run_again(runner: Command, service: ServiceThread) -> None:
    assert runner("pause", "gate").out == "gate is paused\n"
    assert runner("pause", "gate").out == "gate was paused already\n"
    assert "paused" in runner("jobs").out
    assert runner("resume", "gate").out == "gate is not paused any more\n"
    assert "nothing waits for approval at gate" in runner("approve", "gate").err
    assert "gate waits for nothing" in runner("waiting", "delete", "gate").err
    assert runner("run", "--job", "gate").code == 0
    assert runner("replay", "gate/1").out.startswith("gate/2 is ")
    assert runner("logs", "-f", "gate/2").code == 0


def test_files_are_read_again_when_somebody_says_so_and_what_is_gone_is_purged(
    runner: Command, service: ServiceThread
) -> None:
    assert runner("sync").out == "shop: nothing has changed\n"
    service.host.write(PIPELINE + "  - {name: extra, type: runSh, steps: [{TASK: {script: ['true']}}]}\n")
    assert runner("sync", "shop").out == "shop: applied\n  job extra: added\n"
    assert "extra is still in the files of shop" in runner("purge", "extra", "--yes").err
    service.host.write(PIPELINE + "  - {name: extra, type: runShh}\n")
    said = runner("sync")
    assert (said.code, "shop: refused, what was in force stays" in said.err) == (2, True)
    assert "'runShh' is not a job type" in runner("pipelines").out
    service.host.write(PIPELINE)
    assert runner("sync").code == 0
    assert "there is nobody to ask" in runner("purge", "extra").err
    assert runner("purge", "extra", "--yes").out == "extra is gone, and 0 builds with it\n"


def test_drain_waits_until_nothing_runs_and_now_ends_what_does(runner: Command) -> None:
    try:
        assert runner("drain").out == "nothing more is started; 0 builds still to end\n"
        assert runner("drain", "--wait").out == "nothing runs any more\n"
        assert "draining" in runner("doctor").out
        assert "does not go with --wait" in runner("drain", "--off", "--wait").err
    finally:
        runner("drain", "--off")
    assert runner("doctor").out.splitlines()[0].split() == ["ok", "state", "ready"]


def test_files_of_this_host_are_judged_by_the_service(runner: Command, tmp_path: Path) -> None:
    (tmp_path / "shippable.yml").write_text("jobs:\n  - {name: a, type: runShh}\n")
    said = runner("validate")
    assert said.code == 2
    assert "shippable.yml:2:21: jobs[0].type: 'runShh' is not a job type" in said.out
    (tmp_path / "shippable.yml").write_text(PIPELINE)
    assert runner("validate").code == 0


def test_a_service_tells_no_aws_identity(runner: Command) -> None:
    said = runner("aws", "whoami")
    assert (said.code, "a service assumes roles for its builds alone" in said.err) == (2, True)


def test_a_token_lets_in_over_tcp_with_its_scope_until_it_is_revoked(
    runner: Command, service: ServiceThread, tmp_path: Path
) -> None:
    said = runner("token", "add", "ci", "--scope", "read", "--expires", "30d")
    token = said.out.strip()
    assert said.err.startswith("token 1 for ci: scope read, until ")
    assert "wants a token: set RUNNER_TOKEN" in runner("jobs", "--host", service.tcp).err
    assert "build" in runner("jobs", "--host", service.tcp, RUNNER_TOKEN=token).out
    refused = runner("pause", "build", "--host", service.tcp, RUNNER_TOKEN=token)
    assert (refused.code, "it needs the scope run" in refused.err) == (1, True)
    file = tmp_path / ".config/shippable-runner/token"
    file.parent.mkdir(parents=True)
    file.write_text(token)
    file.chmod(0o644)
    assert f"others can read this token: chmod 600 {file}" in runner("jobs", "--host", service.tcp).err
    file.chmod(0o600)
    assert runner("jobs", "--host", service.tcp).code == 0
    assert runner("token", "list").out.splitlines()[1].split()[:3] == ["1", "ci", "read"]
    assert [json.loads(line)["name"] for line in runner("token", "list", "--json").out.splitlines()] == ["ci"]
    assert runner("token", "revoke", "1").out == "token 1 is revoked\n"
    assert "unknown, has expired or was revoked" in runner("jobs", "--host", service.tcp).err


def test_validate_tells_of_a_service_what_is_true_there(runner: Command, tmp_path: Path) -> None:
    file = tmp_path / "clock.yml"
    file.write_text("resources: [{name: t, type: time, seed: {interval: '0 0 * * *'}}]\n")
    assert "clocks do not tick" in runner("validate", str(file), RUNNER_HOST="").out
    assert "clocks do not tick" not in runner("validate", str(file)).out
    said = runner("validate", "/nope")
    assert (said.code, said.err) == (2, "1 problem\n")


def test_a_command_that_is_not_there_is_told_with_what_was_meant(runner: Command) -> None:
    assert runner("job").err == "runner: there is no command 'job' (did you mean 'jobs'?)\n"
    assert "'' is no name of a token" in runner("token", "add", "").err
    assert "'abc' is no number of a token" in runner("token", "revoke", "abc").err


def test_the_saved_state_of_a_service_is_listed_read_by_administrators_and_removed(
    runner: Command, service: ServiceThread, tmp_path: Path
) -> None:
    assert runner("run", "--job", "build").code == 0
    assert ["build", "runSh"] in [line.split()[:2] for line in runner("state", "ls").out.splitlines()]
    assert [file["path"] for file in runner("state", "ls", "build", "--json").events] == ["build.env", "img.env"]
    assert runner("state", "get", "build", "img.env").out.startswith("versionName=1.")
    assert runner("state", "get", "build", "-o", str(tmp_path / "to")).code == 0
    assert (tmp_path / "to/img.env").is_file()
    token = runner("token", "add", "reader", "--scope", "run").out.strip()
    refused = runner("state", "get", "build", "img.env", "--host", service.tcp, RUNNER_TOKEN=token)
    assert (refused.code, "it needs the scope admin" in refused.err) == (1, True)
    assert "img.env" in runner("state", "ls", "build", "--host", service.tcp, RUNNER_TOKEN=token).out
    assert "has saved no img.evn (did you mean 'img.env'?)" in runner("state", "get", "build", "img.evn").err
    assert "of build without saved files now" in runner("state", "rm", "build", "--yes").out
    assert "build has saved nothing" in runner("state", "ls", "build").err
    assert "--directory does not go with --host" in runner("state", "ls", "-C", ".").err
