"""Jobs with the credentials of their roles, against the sandbox and against an AWS that refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.runner_command import Project

TWO_ROLES = """
    integrations:
      - {name: first, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::111122223333:role/first", region: eu-west-1}
      - {name: second, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::444455556666:role/second"}
"""


def test_the_aws_command_finds_the_role_and_each_other_role_as_a_profile(project: Project) -> None:
    project.integrations(TWO_ROLES)
    bin_ = Path(sys.executable).parent
    project.write(f"""
        resources:
          - {{name: one, type: integration, integration: first}}
          - {{name: two, type: cluster, integration: second, versionTemplate: {{sourceName: c, region: ap-south-1}}}}
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: one
              - OUT: two
              - TASK:
                  script:
                    - {bin_}/aws sts get-caller-identity --query Arn --output text
                    - AWS_PROFILE=second {bin_}/aws sts get-caller-identity --query Arn --output text
                    - echo "${{AWS_REGION-none}} $({bin_}/aws configure get region)"
                    - AWS_PROFILE=second runner aws whoami --json
    """)
    said = project.run("--aws-sandbox")
    assert said.code == 0, said
    first, second, regions, whoami = said.messages("a")
    assert first.startswith("arn:aws:sts::111122223333:assumed-role/first/project-a.1-")
    assert second.startswith("arn:aws:sts::444455556666:assumed-role/second/project-a.1-")
    assert regions == "none eu-west-1"
    assert json.loads(whoami)["region"] == "ap-south-1"
    assert "AWS_REGION is not set" in said.out


def test_a_role_of_the_jobs_own_list_counts_and_whoami_tells_it(project: Project) -> None:
    project.integrations(TWO_ROLES)
    project.write("""
        jobs:
          - {name: a, type: runSh, integrations: [second], steps: [TASK: {script: [runner aws whoami --json]}]}
          - {name: b, type: runSh, steps: [TASK: {script: [runner aws whoami || true]}]}
    """)
    said = project.run("--aws-sandbox")
    inside = json.loads(said.messages("a")[0])
    assert inside["account"] == "444455556666"
    assert "no AWS identity" in said.messages("b")[0]
    outside = project.runner("aws", "whoami", "--aws-sandbox", "--json").events
    assert [(one["job"], one["account"], one["region"]) for one in outside] == [
        ("a (second)", "444455556666", "us-east-1")
    ]


def test_nothing_secret_is_on_disk_in_argv_or_in_the_log(project: Project) -> None:
    project.integrations(TWO_ROLES)
    seen = project.directory / "seen"
    project.write(f"""
        resources: [{{name: one, type: integration, integration: first}}]
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: one
              - TASK:
                  script:
                    - printf %s "$AWS_CONTAINER_AUTHORIZATION_TOKEN" > {seen}
                    - echo "$AWS_CONTAINER_AUTHORIZATION_TOKEN"
                    - grep -rF -- "$AWS_CONTAINER_AUTHORIZATION_TOKEN" "$BUILD_DIR/.." && exit 1 || true
                    - cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -cF -- "$(cat {seen})" || true
    """)
    said = project.run("--aws-sandbox")
    assert said.code == 0, said
    token = seen.read_text()
    assert len(token) > 30
    assert token not in said.out
    assert said.messages("a")[0] == "****"


def test_a_refused_role_ends_the_build_before_any_command(project: Project) -> None:
    project.integrations(TWO_ROLES)
    project.write("""
        resources: [{name: one, type: integration, integration: first}]
        jobs: [{name: a, type: runSh, steps: [IN: one, TASK: {script: [echo never]}]}]
    """)
    said = project.run(AWS_EC2_METADATA_DISABLED="true")  # no sandbox, and this host has no credentials
    assert said.code == 1
    assert said.statuses() == {"a": "error"}
    assert said.messages("a") == []
    reason = next(e["reason"] for e in said.events if e["event"] == "build_ended")
    assert "arn:aws:iam::111122223333:role/first" in reason


def regions_of(project: Project, resources: str, *arguments: str, **environ: str) -> tuple[str, str]:
    """The region that a job with these resources has, and everything the run told."""
    project.integrations(TWO_ROLES)
    names = [line.split("name: ")[1].split(",")[0] for line in resources.strip().splitlines()]
    steps = ", ".join(f"IN: {name}" for name in names)
    project.write(
        f"resources:\n{resources}\n"
        f"jobs: [{{name: a, type: runSh, steps: [{steps}, TASK: {{script: [echo $AWS_REGION]}}]}}]"
    )
    said = project.run("--aws-sandbox", *arguments, **environ)
    assert said.code == 0, said
    return said.messages("a")[0], said.out


def test_a_region_with_a_placeholder_takes_what_earlier_inputs_give(project: Project) -> None:
    resources = """
        - {name: p, type: params, versionTemplate: {params: {REG: eu-south-1}}}
        - {name: c, type: cluster, integration: second, versionTemplate: {sourceName: c, region: $REG}}
    """
    assert regions_of(project, resources)[0] == "eu-south-1"
    assert "second: arn:aws:iam::444455556666:role/second in eu-south-1" in project.runner("plan").out


def test_the_first_resource_that_names_a_region_decides(project: Project) -> None:
    resources = """
        - {name: one, type: integration, integration: second}
        - {name: two, type: cluster, integration: second, versionTemplate: {sourceName: c, region: us-west-2}}
    """
    region, told = regions_of(project, resources)
    assert region == "us-west-2"
    assert "does not count" not in told


def test_two_resources_that_name_different_regions_are_a_warning(project: Project) -> None:
    resources = """
        - {name: one, type: cluster, integration: second, versionTemplate: {sourceName: c, region: us-west-1}}
        - {name: two, type: cluster, integration: second, versionTemplate: {sourceName: c, region: us-west-2}}
    """
    region, told = regions_of(project, resources)
    assert region == "us-west-1"
    assert "the region of 'second' is us-west-1, from IN one; IN two names us-west-2, which does not count" in told


def test_the_region_of_the_settings_counts_where_nothing_else_names_one(project: Project) -> None:
    resources = "        - {name: one, type: integration, integration: second}\n"
    assert regions_of(project, resources, "--aws-region", "sa-east-1")[0] == "sa-east-1"
    assert regions_of(project, resources, RUNNER_AWS_REGION="ca-central-1")[0] == "ca-central-1"


def test_a_proxy_of_the_host_is_not_used_for_the_sandbox(project: Project) -> None:
    resources = "        - {name: one, type: integration, integration: second}\n"
    proxy = "http://127.0.0.1:9"
    assert regions_of(project, resources, HTTP_PROXY=proxy, http_proxy=proxy, HTTPS_PROXY=proxy)[0] == "us-east-1"


def test_the_first_in_step_order_is_the_default_and_the_jobs_list_comes_last(project: Project) -> None:
    project.integrations(TWO_ROLES)
    project.write("""
        resources: [{name: late, type: integration, integration: second}]
        jobs:
          - name: a
            type: runSh
            integrations: [first]
            steps: [TASK: {script: [runner aws whoami --json]}, OUT: late]
    """)
    said = project.run("--aws-sandbox")
    assert json.loads(said.messages("a")[0])["account"] == "444455556666"


def test_the_deprecated_type_is_a_role_too(project: Project) -> None:
    project.integrations(TWO_ROLES.replace("amazonIamRole", "AWS_IAM"))
    project.write("""
        resources: [{name: one, type: integration, integration: first}]
        jobs: [{name: a, type: runSh, steps: [IN: one, TASK: {script: [runner aws whoami --json]}]}]
    """)
    said = project.run("--aws-sandbox")
    assert json.loads(said.messages("a")[0])["account"] == "111122223333"


def test_keys_are_delivered_as_variables_where_that_is_asked_for(project: Project) -> None:
    project.integrations(TWO_ROLES.replace("region: eu-west-1", "deliver: env"))
    seen = project.directory / "seen"
    project.write(f"""
        resources: [{{name: one, type: integration, integration: first}}]
        jobs:
          - name: a
            type: runSh
            steps:
              - IN: one
              - TASK:
                  script:
                    - runner aws whoami --json
                    - echo "<$AWS_SECRET_ACCESS_KEY> ${{AWS_CONTAINER_AUTHORIZATION_TOKEN-none}}"
                    - printf '%s %s' "$AWS_ACCESS_KEY_ID" "$AWS_CREDENTIAL_EXPIRATION" > {seen}
    """)
    said = project.run("--aws-sandbox")
    who, keys = said.messages("a")
    assert json.loads(who)["account"] == "111122223333"
    assert keys == "<****> none"
    key, expires = seen.read_text().split()
    assert key.startswith("ASIA")
    assert json.loads(who)["expires"] == expires
    assert "deliver: env" in said.out
