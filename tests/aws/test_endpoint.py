from __future__ import annotations

import aiohttp
import pytest

from runner.aws.broker import Broker
from tests.aws.fake_sts import FakeSts
from tests.aws.test_broker import Build, ask


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": "evil.example:80"}, 403, "BadHost"),
        ({"Host": "localhost"}, 403, "BadHost"),
        ({"X-Forwarded-For": "10.0.0.1"}, 403, "NotForwarded"),
        ({"Origin": "https://evil.example"}, 403, "NotForwarded"),
        ({"Authorization": "guess"}, 403, "UnknownToken"),
        ({"Authorization": ""}, 403, "UnknownToken"),
    ],
)
async def test_what_no_sdk_sends_is_refused(headers: dict[str, str], status: int, code: str) -> None:
    async with FakeSts() as fake, fake.client() as sts, Broker(sts) as broker:
        lease = await broker.lease(Build().request())
        got, document = await ask(lease, **headers)
    assert (got, document["code"], document["Code"]) == (status, code, code)
    assert document["message"].endswith(".")


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "", 405), ("HEAD", "", 405), ("GET", "/x", 404)])
async def test_only_a_get_of_the_one_path_is_answered(method: str, path: str, status: int) -> None:
    async with FakeSts() as fake, fake.client() as sts, Broker(sts) as broker:
        lease = await broker.lease(Build().request())
        headers = {"Authorization": lease.token.reveal()}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, lease.uri + path, headers=headers) as answer,
        ):
            assert answer.status == status
            assert b"secret/1" not in await answer.read()


async def test_the_address_is_one_that_every_sdk_takes() -> None:
    """Digits instead of a name, and a path: what Kotlin's and Ruby's SDKs insist on."""
    async with FakeSts() as fake, fake.client() as sts, Broker(sts) as broker:
        lease = await broker.lease(Build().request())
    assert lease.uri.startswith("http://127.0.0.1:")
    assert lease.uri.endswith("/v1/credentials")
    assert "\n" not in lease.token.reveal()
    assert len(lease.token.reveal()) == 43


async def test_the_port_is_free_again_when_the_broker_has_ended() -> None:
    async with FakeSts() as fake, fake.client() as sts:
        async with Broker(sts) as broker:
            lease = await broker.lease(Build().request())
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(lease)
