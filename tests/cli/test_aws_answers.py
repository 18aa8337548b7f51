"""Real runs against an STS that is as strict as AWS's: refusals, external IDs, renewal, the end of a token."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from runner.aws.trust import trust_statement
from tests.aws.fake_sts import CALLER, KEYS, ROLE, STRICT, FakeSts
from tests.runner_command import Project, Said

JOB = "{{name: a, type: runSh, integrations: [i], steps: [TASK: {{script: [{script}]}}]}}"


async def run(project: Project, fake: FakeSts) -> Said:
    """`runner run` with the runner's own keys, where that STS is all there is of AWS."""
    host = {
        "AWS_ENDPOINT_URL_STS": fake.url,
        "AWS_ACCESS_KEY_ID": KEYS.access_key_id,
        "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key.reveal(),
    }
    return await asyncio.to_thread(project.run, "--aws-region", "eu-west-1", **host)


async def test_a_refused_role_is_told_with_caller_and_the_missing_statement(project: Project) -> None:
    project.integrations(f"integrations: [{{name: i, type: AWS IAM, assumeRoleARN: '{ROLE}'}}]")
    project.write(f"jobs: [{JOB.format(script='echo never')}]")
    async with FakeSts(trust={}) as fake:
        said = await run(project, fake)
    assert said.code == 1
    assert said.messages("a") == []
    reason = next(e["reason"] for e in said.events if e["event"] == "build_ended")
    assert str(ROLE) in reason
    assert CALLER in reason
    assert trust_statement(CALLER, None) in reason


async def test_the_external_id_of_an_integration_is_sent(project: Project) -> None:
    entry = "{{name: i, type: AWS IAM, assumeRoleARN: '{role}', externalId: {id}}}"
    project.write(f"jobs: [{JOB.format(script='echo $AWS_REGION')}]")
    async with FakeSts() as fake:
        project.integrations(f"integrations: [{entry.format(role=STRICT, id='ext-1')}]")
        assert (await run(project, fake)).messages("a") == ["eu-west-1"]
        project.integrations(f"integrations: [{entry.format(role=STRICT, id='ext-2')}]")
        said = await run(project, fake)
    assert said.statuses() == {"a": "error"}
    assert "sts:ExternalId" in said.out


async def test_renewed_credentials_are_masked_in_the_build_that_gets_them(project: Project) -> None:
    project.integrations(f"integrations: [{{name: i, type: AWS IAM, assumeRoleARN: '{ROLE}'}}]")
    project.write("""
        jobs:
          - name: a
            type: runSh
            integrations: [i]
            steps:
              - TASK:
                  script:
                    - first=$(shipctl aws-credentials i)
                    - until now=$(shipctl aws-credentials i) && [ "$now" != "$first" ]; do sleep 0.1; done
                    - echo "$now"
    """)
    async with FakeSts(lifetime=timedelta(seconds=6)) as fake:
        said = await run(project, fake)
    assert said.code == 0, said
    given = json.loads(said.messages("a")[0])
    assert given["AccessKeyId"] != "ASIA0001"
    assert (given["SecretAccessKey"], given["SessionToken"]) == ("****", "****")


async def test_the_token_of_a_build_is_dead_when_the_build_has_ended(project: Project) -> None:
    project.integrations(f"integrations: [{{name: i, type: AWS IAM, assumeRoleARN: '{ROLE}'}}]")
    kept = project.directory / "kept"
    ask = project.write(
        """
        import sys, urllib.error, urllib.request
        uri, token = open(sys.argv[1]).read().split()
        try:
            print(urllib.request.urlopen(urllib.request.Request(uri, headers={"Authorization": token})).status)
        except urllib.error.HTTPError as error:
            print(error.code)
        """,
        "ask.py",
    )
    project.write(f"""
        jobs:
          - name: one
            type: runSh
            integrations: [i]
            steps:
              - TASK:
                  script:
                    - echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN" > {kept}
                    - python3 {ask} {kept}
          - {{name: two, type: runSh, steps: [IN: one, TASK: {{script: [python3 {ask} {kept}]}}]}}
    """)
    async with FakeSts() as fake:
        said = await run(project, fake)
    assert (said.messages("one"), said.messages("two")) == (["200"], ["403"]), said
