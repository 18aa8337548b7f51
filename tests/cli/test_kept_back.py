"""`shipctl notify` in a job that does not get the secrets of the integration: the runner sends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.runner_command import Project, Said
from tests.shipctl.services import Request, WebService, web_service

SECRET = "s3cret+token/x"


@pytest.fixture
def web() -> Iterator[WebService]:
    with web_service() as service:
        yield service


def run(project: Project, web: WebService, fields: str, *script: str) -> Said:
    """A job with the notification `it`, whose integration the runner keeps back."""
    project.write(f"""
        resources:
          - {{name: it, type: notification, integration: i, versionTemplate: {{recipients: ["#a", "#b"]}}}}
        jobs:
          - name: j
            type: runSh
            steps:
              - IN: it
              - TASK: {{script: {json.dumps(script)}}}
    """)
    project.integrations(f"- {{name: i, deliver: runner, {fields}}}\n")
    return project.run(no_proxy="127.0.0.1")


def sent(web: WebService) -> Request:
    (request,) = web.requests
    return request


def test_slack_is_told_by_the_runner_and_the_job_has_no_address(project: Project, web: WebService) -> None:
    said = run(
        project, web, f"type: slackKey, webhookUrl: '{web.url}/{SECRET}'",
        "shipctl notify it --text=hello", "env; cat IN/it/integration.*",
    )  # fmt: skip
    assert said.code == 0
    lines = said.messages("j")
    assert lines[:4] == ["sending notification to #a", "ok", "sending notification to #b", "ok"]
    assert [request.path for request in web.requests] == [f"/{SECRET}"] * 2
    body = json.loads(web.requests[0].body)
    assert (body["channel"], body["attachments"][0]["text"]) == ("#a", "hello")
    assert "IT_INTEGRATION_NAME=i" in lines
    assert not any("WEBHOOKURL" in line.upper() for line in lines)
    assert [line for line in lines if "****" in line] == ["SHIPPABLE_NOTIFY_TOKEN=****"]


def test_a_webhook_gets_its_authorization_from_the_runner(project: Project, web: WebService) -> None:
    fields = f"type: webhookV2, webhookURL: '{web.url}/hook', authorization: 'Bearer {SECRET}'"
    said = run(project, web, fields, "echo '{\"a\":1}' > p.json", "shipctl notify it --payload=p.json")
    assert said.messages("j") == ["ok"]
    assert sent(web).headers["authorization"] == f"Bearer {SECRET}"
    assert sent(web).body == b'{"a":1}\n'


def test_new_relic_airbrake_and_jira_get_their_tokens_from_the_runner(project: Project, web: WebService) -> None:
    web.answers["/api/applications.json"] = (200, b'{"applications":[{"id":47}]}')
    web.answers["/api/applications/47/deployments.json"] = (201, b'{"deployment":{"id":9}}')
    said = run(
        project, web, f"type: newRelicKey, url: '{web.url}/api/', token: '{SECRET}'",
        "shipctl notify it --appName='my app' --type=deployment --revision=r",
    )  # fmt: skip
    assert said.messages("j") == ["Recording deployments on NewRelic for appID: 47", "Deployment Id: 9"]
    assert [request.headers["x-api-key"] for request in web.requests] == [SECRET] * 2
    assert web.requests[0].path == "/api/applications.json?filter%5Bname%5D=my%20app&exclude_links=true"
    web.requests.clear()
    said = run(
        project, web, f"type: airBrakeKey, url: '{web.url}/api', token: '{SECRET}'",
        "shipctl notify it --type=deploy --project-id=12",
    )  # fmt: skip
    assert said.messages("j") == ["Requesting Airbrake project: 12", "ok"]
    assert sent(web).path == "/api/projects/12/deploys?key=s3cret%2Btoken%2Fx"
    web.requests.clear()
    web.answers["/api/issue"] = (201, b'{"key":"P-1"}')
    said = run(
        project, web, f"type: jira, url: '{web.url}/api', username: me, token: '{SECRET}'",
        "echo content > file", "shipctl notify it --project-id=P --type=Bug --summary=s --attach-file=file",
    )  # fmt: skip
    assert said.messages("j") == ['{"key":"P-1"}', "ok"]
    issue, attachment = web.requests
    assert issue.headers["authorization"] == attachment.headers["authorization"]
    assert issue.headers["authorization"].startswith("Basic ")
    assert attachment.path == "/api/issue/P-1/attachments"
    assert b"content\n" in attachment.body
    assert attachment.headers["x-atlassian-token"] == "nocheck"


def test_refusals_are_told_as_ever(project: Project, web: WebService) -> None:
    web.answers["/x"] = (404, b"no_service")
    said = run(project, web, f"type: slackKey, webhookUrl: '{web.url}/x'", "shipctl notify it --recipient=#c")
    assert said.code == 0
    assert said.messages("j") == [
        'sending notification to "#c"', "no_service", "shipctl notify: 127.0.0.1 answered with status 404",
    ]  # fmt: skip
    said = run(project, web, "type: slackKey, webhookUrl: 'http://127.0.0.1:1/x'", "shipctl notify it --recipient=#c")
    assert said.code == 1
    assert said.messages("j")[-1] == "shipctl notify: 127.0.0.1 cannot be told: Connection refused"


def test_only_the_jobs_own_integrations_are_sent_with(project: Project, web: WebService) -> None:
    said = run(
        project, web, f"type: slackKey, webhookUrl: '{web.url}/x'",
        "IT_INTEGRATION_NAME=other shipctl notify it --recipient=#c || true",
        "SHIPPABLE_NOTIFY_TOKEN=1.abc shipctl notify it --recipient=#c || true",
    )  # fmt: skip
    assert [line for line in said.messages("j") if line.startswith("shipctl")] == [
        "shipctl notify: this job has no integration 'other'",
        "shipctl notify: the token of this job is unknown or its build has ended",
    ]
    assert web.requests == []


def test_a_word_that_deliver_does_not_know_is_an_error(project: Project) -> None:
    project.write("jobs: [{name: j, type: runSh, steps: [TASK: {script: ['true']}]}]")
    project.integrations("- {name: i, type: slackKey, webhookUrl: u, deliver: runer}\n")
    said = project.runner("validate")
    assert said.code == 2
    assert "integrations[0].deliver: 'runer' is not 'job' or 'runner' (did you mean 'runner'?)" in said.out + said.err
