"""What a job's environment holds."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from tests.runner_command import Project

SHOW_ALL = "env -0 | tr '\\n\\0' '~\\n'"


def environment(project: Project, text: str, job: str = "a", **environ: str) -> dict[str, str]:
    """The environment that a pipeline's job sees; a newline in a value becomes `~`."""
    project.write(text)
    said = project.run("--job", job, **environ)
    assert said.code == 0, said
    return dict(line.split("=", 1) for line in said.messages(job))


def test_the_platform_says_who_the_job_is(project: Project) -> None:
    env = environment(
        project, f"jobs: [{{name: my-job.1, type: runSh, steps: [TASK: {{script: [{SHOW_ALL}]}}]}}]", "my-job.1"
    )
    root = env["BUILD_DIR"]
    assert Path(root).is_relative_to(project.directory / ".runner")
    expected = {
        "JOB_NAME": "my-job.1",
        "JOB_TYPE": "runSh",
        "JOB_PATH": root,
        "JOB_STATE": f"{root}/state",
        "JOB_PREVIOUS_STATE": f"{root}/previousState",
        "JOB_INTEGRATIONS": f"{root}/integrations",
        "JOB_MESSAGE": f"{root}/message.json",
        "MYJOB1_NAME": "my-job.1",
        "MYJOB1_STATE": f"{root}/state",
        "MYJOB1_PREVIOUS_STATE": f"{root}/previousState",
        "BUILD_NUMBER": "1",
        "BUILD_JOB_NUMBER": "1",
        "JOB_TRIGGERED_BY_NAME": "my-job.1",
        "JOB_TRIGGERED_BY_ID": env["RESOURCE_ID"],
        "JOB_TRIGGERED_BY_USER": pwd.getpwuid(os.getuid()).pw_name,
        "SHARED_DIR": f"{root}/shared",
        "BUILD_SECRETS_DIR": f"{root}/secrets",
        "TASK_NAME": "Task 0",
        "TASK_IN_CONTAINER": "false",
        "SHIPPABLE_NODE_OPERATING_SYSTEM": "linux",
        "PWD": root,
    }
    assert {name: env.get(name) for name in expected} == expected


def test_the_host_gives_a_job_nothing_but_a_short_list(project: Project) -> None:
    host = {
        "AWS_ACCESS_KEY_ID": "AKIAHOST",
        "AWS_PROFILE": "host",
        "GITHUB_TOKEN": "t",
        "LC_TIME": "C",
        "BASH_ENV": "/x",
    }
    env = environment(project, f"jobs: [{{name: a, type: runSh, steps: [TASK: {{script: [{SHOW_ALL}]}}]}}]", **host)
    assert env["LC_TIME"] == "C"
    assert not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "GITHUB_TOKEN", "BASH_ENV"} & env.keys()
    assert env["AWS_EC2_METADATA_DISABLED"] == "true"
    assert env["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_a_later_source_wins_and_the_platform_wins_over_all(project: Project) -> None:
    project.integrations(
        "integrations: [{name: pairs, type: Key-Value, envs: {V: pair, BUILD_ID: hijacked, K: '$x `y` \"z\"'}}]"
    )
    seen = project.directory / "seen"
    project.write(f"""
        resources:
          - {{name: p, type: params, versionTemplate: {{params: {{V: p, W: p, JOB_NAME: hijacked}}}}}}
          - {{name: q, type: params, versionTemplate: {{params: {{V: q}}}}}}
          - {{name: kv, type: integration, integration: pairs}}
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: p
              - IN: q
              - IN: kv
              - TASK:
                  runtime: {{options: {{env: [{{W: task}}, {{TASK_NAME: hijacked}}]}}}}
                  script: [env -0 > {seen}]
    """)
    assert project.run().code == 0
    env = dict(pair.split("=", 1) for pair in seen.read_text().split("\0") if pair)
    assert (env["V"], env["W"]) == ("pair", "task")
    assert env["K"] == env["KV_INTEGRATION_K"] == '$x `y` "z"'
    assert env["JOB_NAME"] == "a"
    assert env["TASK_NAME"] == "Task 0"
    assert env["BUILD_ID"] == "1"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            "type: params, versionTemplate: {params: {a-b: 1, c: true, d: 0.10, e: null, f: {x: [1, ' y']}, 1Z: no}}",
            {
                "ab": "1",
                "c": "true",
                "d": "0.10",
                "e": "",
                "f": '{"x":[1," y"]}',
                "R_PARAMS_AB": "1",
                "R_PARAMS_1Z": "no",
                "R_TYPE": "params",
            },
        ),
        (
            "type: cluster, integration: none, pointer: {sourceName: c, region: eu-west-1, deep: {k-1: [p, q]}}",
            {
                "R_POINTER_REGION": "eu-west-1",
                "R_POINTER_DEEP_K1_1": "q",
                "R_SOURCENAME": "c",
                "R_INTEGRATION_NAME": "none",
                "R_INTEGRATION_A": "b",
            },
        ),
        (
            "type: image, pointer: {sourceName: s}, seed: {versionName: v}",
            {"R_SEED_VERSIONNAME": "v", "R_VERSIONNAME": "v"},
        ),
        (
            "type: image, versionTemplate: {sourceName: s, versionName: v}",
            {"R_VERSIONNAME": "v", "R_SEED_VERSIONNAME": None},
        ),
    ],
)
def test_the_content_of_a_resource_becomes_variables(
    project: Project, resource: str, expected: dict[str, str | None]
) -> None:
    project.integrations("integrations: [{name: none, type: keyValuePair, envs: {a: b}}]")
    env = environment(
        project,
        f"""
        resources: [{{name: r, {resource}}}]
        jobs: [{{name: a, type: runSh, steps: [IN: r, TASK: {{script: [{SHOW_ALL}]}}]}}]
        """,
    )
    assert {name: env.get(name) for name in expected} == expected
    assert env["R_PATH"] == env["R_META"] == f"{env['BUILD_DIR']}/IN/r"
    assert env["R_STATE"] == f"{env['BUILD_DIR']}/IN/r/{env['R_TYPE']}"


def test_the_aws_iam_page_names_the_variables(project: Project) -> None:
    names = {"my-key-1": "MYKEY1", "my_key_1": "MY_KEY_1", "9my-key.res": "MYKEYRES", "A b": "AB"}
    project.integrations("""
        integrations:
          - {name: i, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::210987654321:role/path/deploy"}
    """)
    resources = ", ".join(f'{{name: "{name}", type: integration, integration: i}}' for name in names)
    inputs = ", ".join(f'IN: "{name}"' for name in names)
    project.write(f"""
        resources: [{resources}]
        jobs: [{{name: a, type: runSh, steps: [{inputs}, TASK: {{script: [{SHOW_ALL}]}}]}}]
    """)
    said = project.run("--aws-sandbox")
    env = dict(line.split("=", 1) for line in said.messages("a"))
    for prefix in names.values():
        assert env[f"{prefix}_INTEGRATION_AWSACCOUNTID"] == "210987654321"
        assert env[f"{prefix}_INTEGRATION_ASSUMEROLEARN"] == "arn:aws:iam::210987654321:role/path/deploy"


def test_the_build_directory_has_the_documented_files_and_modes(project: Project) -> None:
    project.integrations("integrations: [{name: kv, type: keyValuePair, envs: {TOKEN: 'a b'}}]")
    project.write("""
        resources:
          - {name: p, type: params, versionTemplate: {params: {A: 1}}}
          - {name: img, type: image, versionTemplate: {sourceName: s, versionName: v}}
          - {name: i, type: integration, integration: kv}
        jobs:
          - name: a
            type: runSh
            integrations: [kv]
            steps:
              - IN: p
              - IN: i
              - OUT: img
              - TASK: {script: ["find . -mindepth 1 -printf '%y %m %P\\n' | sort"]}
    """)
    assert project.run().messages("a") == [
        "d 755 IN",
        "d 755 IN/i",
        "d 755 IN/i/integration",
        "d 755 IN/p",
        "d 755 OUT",
        "d 755 OUT/img",
        "d 755 OUT/img/image",
        "d 755 integrations",
        "d 755 integrations/kv",
        "d 755 previousState",
        "d 755 scripts",
        "d 755 secrets",
        "d 755 shared",
        "d 755 state",
        "f 600 secrets/aws_config",
        "f 644 IN/i/integration.env",
        "f 644 IN/i/integration.json",
        "f 644 IN/i/version.json",
        "f 644 IN/p/params",
        "f 644 IN/p/version.json",
        "f 644 OUT/img/version.json",
        "f 644 integrations/kv/integration.env",
        "f 644 integrations/kv/integration.json",
        "f 644 message.json",
        "f 644 scripts/integration_envs.env",
        "f 644 state/a.env",
        "f 644 state/i.env",
        "f 644 state/img.env",
        "f 644 state/p.env",
        "f 755 scripts/yml_task_0.sh",
    ]


def test_version_json_and_message_json_hold_what_scripts_read(project: Project) -> None:
    project.write("""
        resources: [{name: img, type: image, flags: [x], pointer: {sourceName: s}, seed: {versionName: v}}]
        jobs:
          - name: a
            type: runSh
            steps: [{IN: img, switch: off}, TASK: {script: [cat IN/img/version.json, echo, cat message.json]}]
    """)
    printed = project.run().messages("a")
    version, message = json.loads(printed[0]), json.loads(printed[2])
    assert (version["name"], version["operation"], version["type"], version["isJob"]) == ("img", "IN", "image", False)
    assert version["propertyBag"]["yml"]["pointer"] == {"sourceName": "s"}
    assert version["version"]["versionName"] == "v"
    assert version["version"]["propertyBag"] == {"sourceName": "s"}
    assert version["step"] == {"IN": "img", "switch": "off"} or version["step"] == {"IN": "img", "switch": False}
    assert (message["name"], message["buildNumber"]) == ("a", 1)
    (dependency,) = message["dependencies"]
    assert (dependency["operation"], dependency["name"], dependency["type"]) == ("IN", "img", "image")
    assert dependency["path"].endswith("/IN/img")
    assert dependency["sourceName"] == "s"
    assert dependency["resourceId"] == version["resourceId"]
    assert dependency["version"] == version["version"]
    assert dependency["propertyBag"] == version["propertyBag"]


def test_the_flags_of_a_step_stand_in_both_documents(project: Project) -> None:
    project.write("""
        resources: [{name: img, type: image, versionTemplate: {sourceName: s, versionName: v}}]
        jobs:
          - name: a
            type: runSh
            steps:
              - {IN: img, switch: off, force: true, pull: false}
              - {OUT: img, replicate: img, overwrite: true, on_failure: true}
              - TASK: {script: [cat IN/img/version.json, echo, cat OUT/img/version.json, echo, cat message.json]}
    """)
    documents = [json.loads(line) for line in project.run().messages("a") if line]
    flags = [{"force": True, "pull": False}, {"replicate": "img", "overwrite": True, "on_failure": True}]
    assert [document["versionDependencyPropertyBag"] for document in documents[:2]] == flags
    assert [one["versionDependencyPropertyBag"] for one in documents[2]["dependencies"]] == flags


def test_a_job_that_another_one_started_has_no_user(project: Project) -> None:
    project.write("""
        jobs:
          - {name: a, type: runSh, steps: [TASK: {script: [echo a]}]}
          - name: b
            type: runSh
            steps: [IN: a, TASK: {script: ['echo "<$JOB_TRIGGERED_BY_NAME> <$JOB_TRIGGERED_BY_USER>"']}]
    """)
    assert project.run().messages("b") == ["<a> <>"]


def test_placeholders_take_what_earlier_steps_give(project: Project) -> None:
    project.write("""
        resources:
          - {name: p, type: params, versionTemplate: {params: {TAG: 'a"b', LATER: no}}}
          - {name: img, type: image, versionTemplate: {sourceName: "repo/${TAG}/$UNKNOWN/$1", versionName: $LATE}}
          - {name: late, type: params, versionTemplate: {params: {LATE: x}}}
        jobs:
          - name: a
            type: runSh
            steps: [IN: p, IN: img, IN: late, TASK: {script: ['echo "$IMG_SOURCENAME|$IMG_VERSIONNAME|"']}]
    """)
    assert project.run().messages("a") == ['repo/a"b//$1||']


def test_nothing_that_a_task_leaves_takes_the_place_of_the_platforms_and_awss_variables(project: Project) -> None:
    project.integrations("""
        integrations: [{name: i, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::210987654321:role/deploy"}]
    """)
    left = 'printf "export %s=evil\\n" JOB_NAME TASK_NAME AWS_REGION AWS_CONFIG_FILE V'
    project.write(f"""
        resources: [{{name: r, type: integration, integration: i}}]
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: r
              - TASK: {{script: ['{left} >> "$SHIPPABLE_INTEGRATION_ENVS_PATH"']}}
              - TASK:
                  runtime: {{options: {{env: {{V: mine}}}}}}
                  script:
                    - printenv JOB_NAME TASK_NAME AWS_REGION V
                    - basename "$AWS_CONFIG_FILE"
                    - 'declare -F; :'
    """)
    said = project.run("--aws-sandbox")
    printed = said.messages("a")
    assert printed[:5] == ["a", "Task 1", "us-east-1", "evil", "aws_config"], said
    assert not any("__ship_fix" in line for line in printed)


def test_a_platform_variable_that_a_task_makes_readonly_fails_the_next_one_by_name(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps:
              - TASK: {script: ['echo "readonly JOB_NAME=evil" >> "$SHIPPABLE_INTEGRATION_ENVS_PATH"']}
              - TASK: {script: [echo never]}
    """)
    said = project.run()
    assert said.statuses() == {"a": "failure"}
    assert len(said.messages("a")) == 1
    assert "JOB_NAME: readonly variable" in said.messages("a")[0]


def test_what_a_task_leaves_in_the_integration_envs_file_is_there_in_the_next(project: Project) -> None:
    project.write("""
        jobs:
          - name: a
            type: runSh
            steps:
              - TASK: {script: ['echo "export LEFT=here" >> "$SHIPPABLE_INTEGRATION_ENVS_PATH"', 'echo "<$LEFT>"']}
              - TASK: {script: ['echo "<$LEFT>"']}
    """)
    assert project.run().messages("a") == ["<>", "<here>"]
