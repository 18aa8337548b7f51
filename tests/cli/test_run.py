"""`runner run`: what runs, in which order, with which end."""

from __future__ import annotations

import json
import sqlite3

from tests.runner_command import Project

CHAIN = """
    resources:
      - name: img
        type: image
        versionTemplate: {sourceName: repo/app, versionName: v0}
    jobs:
      - name: second
        type: runSh
        steps:
          - IN: img
          - TASK:
              script:
                - echo "got $(shipctl get_resource_version_name img) by $JOB_TRIGGERED_BY_NAME"
      - name: first
        type: runSh
        steps:
          - OUT: img
          - TASK:
              script:
                - shipctl put_resource_state img versionName "v$BUILD_NUMBER"
"""


def test_jobs_run_in_the_order_of_their_resources(project: Project) -> None:
    project.write(CHAIN)
    said = project.run()
    assert said.code == 0
    assert list(said.statuses().items()) == [("first", "success"), ("second", "success")]
    assert said.messages("second") == ["got v1 by img"]


def test_an_output_that_stays_the_same_starts_nothing(project: Project) -> None:
    project.write(CHAIN.replace("v$BUILD_NUMBER", "v1"))
    project.run()
    said = project.run()
    assert said.code == 0
    assert said.statuses() == {"first": "success"}
    assert said.left_out() == {"second": "no input changed: first gave no new version of img"}


def test_a_named_job_runs_alone_with_the_newest_versions(project: Project) -> None:
    project.write(CHAIN)
    project.run()
    said = project.run("--job", "second")
    assert said.statuses() == {"second": "success"}
    assert said.messages("second") == ["got v1 by second"]


def test_a_failed_job_blocks_what_needs_it_and_the_exit_is_1(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [exit 3]}]}
          - {name: b, type: runSh, steps: [IN: a, TASK: {script: [echo no]}]}
          - {name: c, type: runSh, steps: [TASK: {script: [echo yes]}]}
    """)
    said = project.run()
    assert said.code == 1
    assert said.statuses() == {"a": "failure", "c": "success"}
    assert said.left_out() == {"b": "blocked: a ended with failure"}
    row = next(e for e in project.runner("builds", "a", "--json").events)
    assert (row["status"], row["exit"]) == ("failure", 3)


def test_a_switched_off_input_starts_nothing(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [echo a]}]}
          - {name: gate, type: runSh, steps: [{IN: a, switch: off}, TASK: {script: [echo gate]}]}
    """)
    said = project.run()
    assert said.code == 0
    assert said.statuses() == {"a": "success"}
    assert said.left_out()["gate"].startswith("gate: every input")
    assert project.run("--job", "gate").statuses() == {"gate": "success"}


def test_a_parameter_of_the_command_line_is_a_variable_of_every_job(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: ['echo \"<$X>\"']}]}]")
    assert project.run("--param", "X=$HOME `id` 'q' \"d\"").messages("a") == ["<$HOME `id` 'q' \"d\">"]


def test_a_loop_is_a_warning_and_each_job_runs_once(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [IN: b, TASK: {script: [echo a]}]}
          - {name: b, type: runSh, steps: [IN: a, TASK: {script: [echo b]}]}
    """)
    said = project.run()
    assert said.statuses() == {"a": "success", "b": "success"}
    assert "a -> b -> a" in said.err


def test_builds_of_one_run_go_side_by_side_up_to_the_limit(project: Project) -> None:
    waits = "for i in $(seq 500); do [ -f {0}/there ] && exit 0; sleep 0.02; done; exit 1"
    project.write(f"""
        jobs:
          - {{name: a, type: runSh, steps: [TASK: {{script: ["{waits.format(project.directory)}"]}}]}}
          - {{name: b, type: runSh, steps: [TASK: {{script: [touch {project.directory}/there]}}]}}
    """)
    assert project.run("--max-parallel", "2").statuses() == {"a": "success", "b": "success"}


def test_a_job_of_a_type_that_cannot_run_yet_ends_in_error_by_name(project: Project) -> None:
    project.write("""
        resources:
          - {name: other, type: externalCIServer}
          - {name: img, type: image, versionTemplate: {sourceName: repo/app, versionName: v0}}
        jobs:
          - {name: m, type: manifest, steps: [IN: img]}
          - {name: s, type: runSh, steps: [IN: other, TASK: {script: [echo never]}]}
    """)
    project.integrations("integrations: [{name: gh, type: github, url: 'https://x', token: secret-token}]")
    said = project.run()
    assert said.code == 1
    assert said.statuses() == {"m": "error", "s": "error"}
    assert said.messages("s") == []
    reasons = {e["job"]: e["reason"] for e in said.events if e["event"] == "build_ended"}
    assert "manifest" in reasons["m"]
    assert "other is of type externalCIServer" in reasons["s"]
    assert "manifest" in said.err
    assert "externalCIServer" in said.err


def test_builds_are_listed_with_what_triggered_them(project: Project) -> None:
    project.write(CHAIN)
    project.run()
    head, second, first = (line.split() for line in project.runner("builds").out.splitlines())
    assert head[-3:] == ["TRIGGERED", "BY", "REASON"]
    assert (second[0], second[-1]) == ("second/1", "img")
    assert (first[0], first[-1]) == ("first/1", "-")


def test_a_bug_of_ours_is_told_as_one_with_exit_3(project: Project) -> None:
    project.write(CHAIN)
    broken = "import sys, types; module = types.ModuleType('x'); module.select_rules = lambda *a: 1 / 0\n"
    project.write(f"{broken}sys.modules['runner.service.selection'] = module\n", "broken/sitecustomize.py")
    said = project.runner("plan", PYTHONPATH=str(project.directory / "broken"))
    assert said.code == 3
    assert "ZeroDivisionError" in said.err
    assert "this is a bug of the runner, not of your pipeline" in said.err


def test_the_plan_digest_of_plan_and_run_are_the_same(project: Project) -> None:
    project.write(CHAIN)
    planned = json.loads(project.runner("plan", "--json").out)["digest"]
    ran = next(e["digest"] for e in project.run().events if e["event"] == "run_planned")
    assert planned == ran


def test_plain_output_ends_with_a_table_of_what_ran_and_what_did_not(project: Project) -> None:
    project.write(CHAIN.replace("v$BUILD_NUMBER", "v0"))
    said = project.runner("run")
    assert said.code == 0
    *_, table, left_out = said.out.splitlines()
    assert table.split()[:2] == ["first/1", "success"]
    assert left_out == "not run: second: no input changed: first gave no new version of img"


def test_a_build_of_a_killed_run_is_marked_as_error_by_the_next(project: Project) -> None:
    project.write("jobs: [{name: a, type: runSh, steps: [TASK: {script: [echo begun, sleep 60]}]}]")
    first = project.start("run", "--output", "plain")
    assert first.stdout is not None
    while "begun" not in first.stdout.readline().replace("$ echo begun", ""):
        pass
    first.kill()
    first.wait()
    first.stdout.close()
    project.write("jobs: [{name: b, type: runSh, steps: [TASK: {script: [echo b]}]}]")
    assert project.run().code == 0
    rows = {row["job"]: row for row in project.runner("builds", "--json").events}
    assert rows["a"]["status"] == "error"
    assert (rows["a"]["reason"], rows["a"]["ended_by"]) == ("the runner that started this build is gone", "runner")
    last = json.loads(project.runner("logs", "a", "--json").out.splitlines()[-1])
    assert (last["type"], last["status"]) == ("result", "error")


def test_no_secret_of_the_store_is_readable_by_others(project: Project) -> None:
    project.write(CHAIN)
    project.run()
    assert (project.directory / ".runner").stat().st_mode & 0o077 == 0
    with sqlite3.connect(project.directory / ".runner" / "runner.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_job_named_as_output_is_started_by_the_end_alone(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [OUT: b, TASK: {script: [echo a]}]}
          - {name: b, type: runSh, steps: [TASK: {script: ['echo "by $JOB_TRIGGERED_BY_NAME"']}]}
    """)
    said = project.run()
    assert list(said.statuses().items()) == [("a", "success"), ("b", "success")]


def test_an_input_job_that_has_never_run_has_no_version(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [echo a]}]}
          - {name: b, type: runSh, steps: [IN: a, TASK: {script: [echo b]}]}
    """)
    said = project.run("--job", "b")
    assert said.statuses() == {"b": "error"}
    assert "a has no version" in said.out


def test_a_step_that_is_named_twice_counts_once(project: Project) -> None:
    project.integrations("integrations: [{name: kv, type: keyValuePair, envs: {A: b-value}}]")
    project.write("""
        resources: [{name: p, type: params, versionTemplate: {params: {X: 1}}}]
        jobs: [{name: a, type: runSh, integrations: [kv, kv], steps: [IN: p, IN: p, TASK: {script: [echo $X]}]}]
    """)
    assert project.run().messages("a") == ["1"]


def test_a_script_that_breaks_its_own_log_breaks_nothing_else(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [echo garbage >> ../log.jsonl]}]}
          - {name: b, type: runSh, steps: [TASK: {script: [": > ../log.jsonl"]}]}
          - {name: c, type: runSh, steps: [TASK: {script: [echo c]}]}
    """)
    said = project.runner("run", "--output", "plain")
    assert said.code == 0, said
    assert "the log of a/1 is shown no further" in said.out
    assert "c/1 | c" in said.out


def test_a_store_directory_made_by_hand_becomes_private(project: Project) -> None:
    (project.directory / ".runner").mkdir(mode=0o755)
    project.write(CHAIN)
    assert project.run().code == 0
    assert (project.directory / ".runner").stat().st_mode & 0o077 == 0


def test_a_secret_that_one_job_publishes_is_masked_in_the_log_of_another(project: Project) -> None:
    project.integrations("integrations: [{name: kv, type: keyValuePair, envs: {TOKEN: b-secret-value}}]")
    project.write("""
        resources:
          - {name: i, type: integration, integration: kv}
          - {name: img, type: image, versionTemplate: {sourceName: "x/${TOKEN}", versionName: v}}
          - {name: p, type: params, versionTemplate: {params: {X: none}}}
        jobs:
          - name: a
            type: runSh
            steps: [IN: i, OUT: img, OUT: p, TASK: {script: ['shipctl put_resource_state p X "$TOKEN"']}]
          - {name: b, type: runSh, steps: [IN: p, IN: img, TASK: {script: ['echo "<$X> <$IMG_SOURCENAME>"']}]}
    """)
    said = project.run()
    assert said.messages("b") == ["<****> <x/>"]
    assert next(e for e in said.events if e["event"] == "build_ended")["published"] == ["p"]


def test_a_secret_in_the_version_of_an_input_does_not_end_in_the_store(project: Project) -> None:
    project.integrations("integrations: [{name: kv, type: keyValuePair, envs: {TOKEN: b-secret-value}}]")
    project.write("""
        resources:
          - {name: i, type: integration, integration: kv}
          - {name: p, type: params, versionTemplate: {params: {ENV: beta}}}
          - {name: img, type: image, versionTemplate: {sourceName: "$ENV/${TOKEN}", versionName: "v-$TOKEN-$ENV"}}
          - {name: copy, type: image, versionTemplate: {sourceName: x, versionName: none}}
          - {name: derived, type: image, versionTemplate: {sourceName: "y/$IMG_SOURCENAME", versionName: none}}
        jobs:
          - name: a
            type: runSh
            steps:
              - {IN: i}
              - {IN: p}
              - {IN: img}
              - {OUT: copy, replicate: img}
              - {OUT: derived}
              - TASK:
                  script:
                    - shipctl put_resource_state derived K 1
                    - '[ "$IMG_SOURCENAME" = "beta/$TOKEN" ]'
    """)
    said = project.run()
    assert said.code == 0, said
    store = project.directory / ".runner"
    texts = [path.read_bytes() for path in store.glob("runner.db*")]
    assert not any(b"b-secret-value" in text for text in texts)
    assert any(b"beta/${TOKEN}" in text and b"v-$TOKEN-beta" in text for text in texts)
    assert any(b"y/beta/${TOKEN}" in text for text in texts)


def test_pretty_output_takes_any_text_as_text(project: Project) -> None:
    project.write(
        "jobs: [{name: a, type: runSh, steps: [TASK: {name: '[/x] t', script: ['echo \"[red]x\"', exit 1]}]}]"
    )
    said = project.runner("run", "--output", "pretty")
    assert said.code == 1
    assert "[red]x" in said.out
    assert "task '[/x] t' failed: exit status 1" in said.out


def test_the_integrations_can_stand_anywhere(project: Project) -> None:
    project.write("integrations: [{name: kv, type: keyValuePair, envs: {A: b-value}}]", "elsewhere.yml", 0o600)
    project.write("jobs: [{name: a, type: runSh, integrations: [kv], steps: [TASK: {script: ['echo ${#A}']}]}]")
    assert project.run("--integrations", "elsewhere.yml").messages("a") == ["7"]


def test_a_run_without_roles_imports_nothing_of_aws(project: Project) -> None:
    project.write(CHAIN)
    said = project.runner("run", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.err.splitlines()}
    assert "sqlite3" in imported
    assert not {"aiohttp", "aiobotocore", "botocore", "cryptography", "rich", "moto"} & imported


def test_a_killed_runs_supervisor_ends_its_job_before_the_next_run_touches_it(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps: [TASK: {script: ["trap '' TERM", echo begun, "for i in $(seq 60); do sleep 0.02; done", exit 0]}]
    """)
    first = project.start("run", "--output", "plain")
    assert first.stdout is not None
    while "a/1 | begun" not in first.stdout.readline():
        pass
    first.kill()
    first.wait()
    first.stdout.close()
    project.write("jobs: [{name: b, type: runSh, steps: [TASK: {script: [echo b]}]}]")
    assert project.run().code == 0
    records = [json.loads(line) for line in project.runner("logs", "a", "--json").out.splitlines()]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    assert records[-1]["type"] == "result"
    place = project.directory / ".runner" / "builds" / "1"
    assert not (place / "work").exists()
    assert list((project.directory / ".runner" / "runs").iterdir()) == []


def test_a_build_warns_once_of_the_secrets_that_are_too_short_to_be_hidden(project: Project) -> None:
    project.integrations("""
        integrations:
          - {name: kv, type: keyValuePair, envs: {PIN: "12", TOKEN: b-secret-value, EMPTY: ""}}
          - {name: gh, type: github, url: 'https://x', token: abc}
    """)
    project.write("""
        resources: [{name: i, type: integration, integration: kv}]
        jobs: [{name: a, type: runSh, integrations: [gh, kv], steps: [IN: i, TASK: {script: ['echo $PIN $TOKEN']}]}]
    """)
    said = project.run()
    records = [event["record"] for event in said.events if event["event"] == "record"]
    assert [record["text"] for record in records if record.get("level") == "warning"] == [
        "too short to be hidden in this log (under 4 bytes): 'envs.PIN' of integration kv, 'token' of integration gh"
    ]
