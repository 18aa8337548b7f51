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
                    - echo "$AWS_REGION $(AWS_PROFILE=second {bin_}/aws configure get region)"
    """)
    said = project.run("--aws-sandbox")
    assert said.code == 0, said
    first, second, regions = said.messages("a")
    assert first.startswith("arn:aws:sts::111122223333:assumed-role/first/project-a.1-")
    assert second.startswith("arn:aws:sts::444455556666:assumed-role/second/project-a.1-")
    assert regions == "eu-west-1 ap-south-1"


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
