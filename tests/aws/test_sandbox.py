from __future__ import annotations

import sys
import threading

import aiohttp
import pytest

from runner.aws.broker import Broker
from runner.aws.lease import AssumeRequest
from runner.aws.sandbox import Sandbox
from runner.aws.sts import Sts
from runner.aws.whoami import inside_job, of_environment, of_lease
from runner.errors import CredentialsError, UsageError
from runner.integrations.role_arn import parse_role_arn
from tests.aws.test_broker import Build

ROLE = parse_role_arn("arn:aws:iam::222222222222:role/team/deploy")


async def test_the_sandbox_knows_the_runner_and_the_roles() -> None:
    async with (
        Sandbox([ROLE, ROLE]) as sandbox,
        Sts(region="us-east-1", endpoint_url=sandbox.endpoint_url, keys=sandbox.keys) as sts,
    ):
        caller = await sts.caller()
        one = await sts.assume(AssumeRequest(role=ROLE, session="s-1"))
        two = await sts.assume(AssumeRequest(role=ROLE, session="s-2"))
    assert caller.arn == "arn:aws:iam::111111111111:user/shippable-runner"
    assert one.identity.arn == "arn:aws:sts::222222222222:assumed-role/deploy/s-1"
    # The role exists there: sessions of an unknown role would each have an ID of their own.
    assert one.identity.user_id.split(":")[0] == two.identity.user_id.split(":")[0]


def own_threads() -> set[str]:
    """The threads there are, without those of the event loop's pool."""
    return {thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


async def test_nothing_is_left_of_a_closed_sandbox() -> None:
    before = own_threads()
    async with Sandbox([ROLE]) as sandbox:
        url = sandbox.endpoint_url
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)
    assert own_threads() == before
    async with Sandbox([ROLE]) as again:
        assert again.keys != sandbox.keys


async def test_without_moto_the_sandbox_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(UsageError, match=r"shippable-runner\[sandbox\]"):
        async with Sandbox([ROLE]):
            pass


async def test_whoami_outside_a_job_is_the_identity_a_job_would_have() -> None:
    async with (
        Sandbox([ROLE]) as sandbox,
        Sts(region="us-east-1", endpoint_url=sandbox.endpoint_url, keys=sandbox.keys) as sts,
        Broker(sts) as broker,
    ):
        who = of_lease(await broker.lease(Build().request(AssumeRequest(role=ROLE, session="s-1"))))
    assert who.identity.account == "222222222222"
    assert who.region == "eu-west-1"
    assert who.expires is not None


async def test_whoami_inside_a_job_is_what_the_sdks_are(
    host_without_aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        Sandbox([ROLE]) as sandbox,
        Sts(region="us-east-1", endpoint_url=sandbox.endpoint_url, keys=sandbox.keys) as sts,
        Broker(sts) as broker,
    ):
        lease = await broker.lease(Build().request(AssumeRequest(role=ROLE, session="s-1")))
        environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": lease.uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": lease.token.reveal(),
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": sandbox.endpoint_url,
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        who = await of_environment(environ)
    assert who.identity == lease.identity
    assert who.region == "eu-central-1"
    assert who.expires == lease.first.expiration.replace(microsecond=0)


async def test_whoami_in_a_job_without_an_integration_says_so(host_without_aws: None) -> None:
    with pytest.raises(CredentialsError, match="this job has no AWS identity"):
        await of_environment({})


def test_a_job_is_known_by_its_variables() -> None:
    assert inside_job({"JOB_NAME": "x", "BUILD_DIR": "/b"})
    assert not inside_job({"JOB_NAME": "x"})
