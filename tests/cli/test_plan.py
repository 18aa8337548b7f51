"""`runner plan`: what would run, told without running it."""

from __future__ import annotations

import json
import os

from tests.runner_command import Project

TEXT = """
    resources:
      - {name: p, type: params, versionTemplate: {params: {A: 1}}}
      - {name: img, type: image, versionTemplate: {sourceName: r, versionName: v}}
      - {name: role, type: integration, integration: deploy}
      - {name: kv, type: integration, integration: pairs}
    jobs:
      - {name: last, type: runSh, steps: [IN: role, IN: img, TASK: {name: ship, script: [echo]}]}
      - {name: first, type: runSh, steps: [IN: p, IN: kv, OUT: img, TASK: {script: [echo]}]}
      - {name: gate, type: runSh, steps: [{IN: first, switch: off}, TASK: {script: [echo]}]}
"""
INTEGRATIONS = """
    integrations:
      - {name: deploy, type: amazonIamRole, assumeRoleARN: "arn:aws:iam::123456789012:role/deploy"}
      - {name: pairs, type: keyValuePair, envs: {TOKEN: do-not-show, OTHER: {command: [touch, fetched]}}}
"""


def planned(project: Project, *arguments: str) -> dict[str, dict[str, object]]:
    said = project.runner("plan", "--json", *arguments)
    assert said.code == 0, said
    return {job["job"]: job for job in json.loads(said.out)["jobs"]}


def test_jobs_stand_in_the_order_in_which_they_would_start_with_their_roles(project: Project) -> None:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    jobs = planned(project)
    assert list(jobs) == ["first", "last"]
    assert jobs["last"]["triggered_by"] == "img"
    assert jobs["last"]["roles"] == ["deploy: arn:aws:iam::123456789012:role/deploy"]
    assert jobs["last"]["ins"] == ["role (integration)", "img (image)"]


def test_variables_are_named_with_their_source_and_never_with_a_secret_value(project: Project) -> None:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    variables = planned(project)["first"]["variables"]
    assert isinstance(variables, dict)
    assert variables["A"] == ["params p", False]
    assert variables["TOKEN"] == ["IN kv, integration pairs", True]
    assert variables["JOB_NAME"] == ["platform", False]
    said = project.runner("plan", "-v")
    assert "TOKEN (IN kv, integration pairs, secret)" in said.out
    assert "do-not-show" not in said.out


def test_the_variables_of_aws_are_named_too(project: Project) -> None:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    jobs = planned(project)
    last, first = jobs["last"]["variables"], jobs["first"]["variables"]
    assert isinstance(last, dict)
    assert isinstance(first, dict)
    assert last["AWS_REGION"] == ["AWS", False]
    assert last["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == last["SHIPPABLE_AWS_TOKEN_deploy"] == ["AWS", True]
    assert first["AWS_SHARED_CREDENTIALS_FILE"] == ["AWS", False]
    assert "AWS_REGION" not in first


def test_a_secret_is_not_shown_as_a_region(project: Project) -> None:
    project.integrations(INTEGRATIONS)
    project.write("""
        resources:
          - {name: kv, type: integration, integration: pairs}
          - {name: c, type: cluster, integration: deploy, versionTemplate: {sourceName: c, region: $TOKEN}}
        jobs: [{name: a, type: runSh, steps: [IN: kv, IN: c, TASK: {script: [echo]}]}]
    """)
    assert planned(project)["a"]["roles"] == ["deploy: arn:aws:iam::123456789012:role/deploy in $TOKEN"]


def test_a_plan_says_what_would_not_run_and_writes_and_fetches_nothing(project: Project) -> None:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    before = sorted(os.walk(project.directory))
    said = project.runner("plan")
    assert "- gate: gate: every input" in said.out
    assert sorted(os.walk(project.directory)) == before


def test_the_digest_changes_with_what_runs_and_with_nothing_else(project: Project) -> None:
    project.integrations(INTEGRATIONS)

    def digest(text: str) -> str:
        project.write(text)
        found: str = json.loads(project.runner("plan", "--json").out)["digest"]
        return found

    first = digest(TEXT)
    assert digest("    # a comment\n" + TEXT.replace("{A: 1}", "{ A: 1 }")) == first
    assert digest(TEXT.replace("A: 1", "A: 2")) != first
    assert digest(TEXT.replace("[echo]", "[echo 1]")) != first


def test_a_job_that_was_named_stands_alone(project: Project) -> None:
    project.write(TEXT)
    project.integrations(INTEGRATIONS)
    assert list(planned(project, "--job", "gate")) == ["gate"]
