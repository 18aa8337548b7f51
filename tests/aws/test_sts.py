from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from runner.aws.lease import AssumeRequest
from runner.aws.sts import Sts
from runner.errors import CredentialsError
from tests.aws.fake_sts import CALLER, KEYS, REQUEST, ROLE, STRICT, FakeSts, Refuse


async def test_an_assumed_role_gives_credentials_for_an_hour() -> None:
    async with FakeSts() as fake, fake.client() as sts:
        assumed = await sts.assume(REQUEST)
    assert assumed.access_key_id == "ASIA0001"
    assert assumed.secret_access_key.reveal() == "secret/1"
    assert assumed.identity.arn == "arn:aws:sts::222222222222:assumed-role/deploy/demo-1-abc"
    assert assumed.identity.account == "222222222222"
    assert assumed.identity.user_id == "AROA1:demo-1-abc"
    assert assumed.request_id == "req-1"
    assert assumed.expiration.utcoffset() == timedelta()
    assert abs(assumed.expiration - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=30)


async def test_credentials_never_show_themselves() -> None:
    async with FakeSts() as fake, fake.client() as sts:
        shown = repr(await sts.assume(REQUEST))
    assert "secret/1" not in shown
    assert "token/1" not in shown


async def test_the_external_id_is_sent() -> None:
    async with FakeSts() as fake, fake.client() as sts:
        assumed = await sts.assume(AssumeRequest(role=STRICT, session="s-1", external_id="ext-1"))
    assert assumed.identity.account == "222222222222"


@pytest.mark.parametrize("external_id", [None, "wrong"])
async def test_a_refusal_prints_the_statement_that_the_trust_policy_lacks(external_id: str | None) -> None:
    role = STRICT if external_id else ROLE
    async with FakeSts(trust={str(STRICT): "ext-1"}) as fake, fake.client() as sts:
        with pytest.raises(CredentialsError) as caught:
            await sts.assume(AssumeRequest(role=role, session="s-1", external_id=external_id))
    sentence = str(caught.value)
    assert str(role) in sentence
    assert CALLER in sentence
    statement: dict[str, object] = {"Effect": "Allow", "Principal": {"AWS": CALLER}, "Action": "sts:AssumeRole"}
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    assert json.dumps(statement) in sentence
    assert f"the caller's own policy must allow sts:AssumeRole on {role}" in sentence


async def test_a_refusal_is_not_tried_again() -> None:
    async with FakeSts(trust={}) as fake, fake.client(tries=4) as sts:
        with pytest.raises(CredentialsError):
            await sts.assume(REQUEST)
    assert fake.calls["AssumeRole"] == 1


async def test_throttling_and_server_errors_are_tried_again() -> None:
    script = [Refuse("Throttling", 400, "Rate exceeded"), Refuse("InternalFailure", 500)]
    async with FakeSts(script=script) as fake, fake.client(tries=4) as sts:
        await sts.assume(REQUEST)
    assert fake.calls["AssumeRole"] == 3


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("Throttling", 400, "too many calls"),
        ("ExpiredToken", 403, "the runner's own AWS credentials have expired"),
        ("InvalidClientTokenId", 403, "AWS does not know the runner's own access key"),
        ("SignatureDoesNotMatch", 403, "the runner's secret key is wrong, or the clock"),
        ("RegionDisabledException", 403, r"\(region eu-west-1\): STS is not enabled there"),
        ("ValidationError", 400, "AWS answered ValidationError: what AWS says"),
        ("InternalFailure", 500, "AWS answered InternalFailure: what AWS says"),
    ],
)
async def test_every_answer_of_aws_becomes_one_sentence(code: str, status: int, sentence: str) -> None:
    async with FakeSts(outage=Refuse(code, status, "what AWS says")) as fake, fake.client() as sts:
        with pytest.raises(CredentialsError, match=sentence) as caught:
            await sts.assume(REQUEST)
    assert f"the role {ROLE} cannot be assumed" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_credentials_of_another_role_are_not_used() -> None:
    other = "arn:aws:sts::333333333333:assumed-role/deploy/demo-1-abc"
    async with FakeSts(answer_as=other) as fake, fake.client() as sts:
        with pytest.raises(CredentialsError, match=re.escape(f"AWS gave credentials for {other}")):
            await sts.assume(REQUEST)


async def test_an_endpoint_that_is_not_there_is_named() -> None:
    async with FakeSts() as fake:
        url = fake.url
    async with Sts(region="eu-west-1", endpoint_url=url, keys=KEYS, tries=1) as sts:
        with pytest.raises(CredentialsError, match=f"{url}/? cannot be reached"):
            await sts.assume(REQUEST)


async def test_an_endpoint_that_does_not_answer_is_named_after_its_last_try() -> None:
    async with FakeSts() as fake, fake.client(tries=2, patience=0.1) as sts:
        fake.gate.clear()
        with pytest.raises(CredentialsError, match=f"{fake.url}/? does not answer in time"):
            await sts.assume(REQUEST)
    assert fake.calls["AssumeRole"] == 2


async def test_a_runner_without_credentials_is_told_how_to_get_some(host_without_aws: None) -> None:
    async with FakeSts() as fake, fake.client(keys=None) as sts:
        with pytest.raises(CredentialsError, match="the runner itself has no AWS credentials; set AWS_PROFILE or"):
            await sts.assume(REQUEST)


async def test_a_missing_profile_is_named(host_without_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    async with FakeSts() as fake:
        with pytest.raises(CredentialsError, match=r"profile \(nobody\) could not be found; correct AWS_PROFILE"):
            async with fake.client(keys=None) as sts:
                await sts.caller()


async def test_the_caller_is_who_aws_says() -> None:
    async with FakeSts() as fake, fake.client() as sts:
        assert (await sts.caller()).arn == CALLER
