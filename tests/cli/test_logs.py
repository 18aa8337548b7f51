"""`runner logs` and `runner builds`."""

from __future__ import annotations

import json

from tests.runner_command import Project

TWO = """
    jobs:
      - name: a
        type: runSh
        steps:
          - TASK: {name: one, script: [echo from one]}
          - TASK: {name: two, script: [echo from two]}
      - {name: b, type: runSh, steps: [TASK: {script: [exit 4]}]}
"""


def test_the_log_of_any_build_can_be_read_afterwards(project: Project) -> None:
    project.write(TWO)
    project.run("--job", "a")
    project.run("--job", "b")
    assert "from one" in project.runner("logs", "a").out
    assert "from one" in project.runner("logs", "a/1").out
    assert "exit 4" in project.runner("logs").out


def test_a_step_and_a_moment_choose_records(project: Project) -> None:
    project.write(TWO)
    project.run("--job", "a")
    only = project.runner("logs", "a", "--step", "two").out
    assert "from two" in only
    assert "from one" not in only
    assert "from two" in project.runner("logs", "a", "--since", "10m").out
    assert project.runner("logs", "a", "--since", "2100-01-01").out == ""


def test_records_are_json_with_gapless_numbers(project: Project) -> None:
    project.write(TWO)
    project.run("--job", "a")
    records = [json.loads(line) for line in project.runner("logs", "a", "--json").out.splitlines()]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    assert records[0]["type"] == "build"
    assert records[-1]["status"] == "success"
    ids = [record["id"] for record in records if record["type"] in ("group", "command")]
    assert len(ids) == len(set(ids))
    assert {record["id"] for record in records if record["type"] == "end"} == set(ids)


def test_a_running_build_is_followed_to_its_end(project: Project) -> None:
    gate = project.directory / "gate"
    project.write(f"""
        jobs:
          - name: a
            type: runSh
            steps: [TASK: {{script: [echo begun, "until [ -e {gate} ]; do sleep 0.02; done", echo finished]}}]
    """)
    running = project.start("run", "--output", "plain")
    assert running.stdout is not None
    while "a/1 | begun" not in running.stdout.readline():
        pass
    following = project.start("logs", "a", "-f")
    assert following.stdout is not None
    lines = []
    while "begun" not in lines:
        lines.append(following.stdout.readline().rstrip("\n"))
    gate.touch()
    rest, _ = following.communicate(timeout=30)
    running.communicate(timeout=30)
    assert "finished" in rest
    assert rest.splitlines()[-1].startswith("success")


def test_builds_lists_the_newest_first(project: Project) -> None:
    project.write(TWO)
    project.run()
    rows = project.runner("builds", "--json").events
    assert {(row["job"], row["number"], row["status"]) for row in rows} == {("a", 1, "success"), ("b", 1, "failure")}
    header, *lines = project.runner("builds", "b").out.splitlines()
    assert header.split()[:3] == ["BUILD", "RUN", "STATUS"]
    assert lines[0].split()[:3] == ["b/1", "1", "failure"]


def test_a_name_that_nothing_has_is_said_with_the_nearest(project: Project) -> None:
    assert project.runner("logs").code == 2
    project.write(TWO.replace("name: a", "name: deploy"))
    project.run("--job", "deploy")
    said = project.runner("logs", "deplyo")
    assert said.code == 2
    assert "did you mean 'deploy'?" in said.err
    assert "no build 7" in project.runner("logs", "deploy/7").err
    assert "names no build" in project.runner("logs", "deploy/x").err


def test_no_secret_of_an_integration_reaches_the_log(project: Project) -> None:
    project.integrations("integrations: [{name: kv, type: keyValuePair, envs: {TOKEN: s3cret-value}}]")
    project.write("""
        resources: [{name: i, type: integration, integration: kv}]
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: i
              - TASK:
                  script:
                    - echo "token $TOKEN"
                    - printf s3cret-; sleep 0.1; echo value
                    - echo s3cret-value >&2
                    - cat IN/i/integration.json
    """)
    said = project.run()
    log = (project.directory / ".runner" / "builds" / "1" / "log.jsonl").read_text()
    assert "s3cret-value" not in said.out + said.err + log
    assert "token ****" in said.messages("a")
    assert not list((project.directory / ".runner" / "builds" / "1").glob("work"))
