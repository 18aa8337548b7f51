"""A broker that goes on for another one that was killed: the same port, the same tokens, the same session."""

from __future__ import annotations

import pytest

from runner.aws.broker import Broker
from runner.aws.lease import Lease
from tests.aws.fake_sts import REQUEST, FakeSts, Refuse
from tests.aws.test_broker import Build, ask


async def leased(fake: FakeSts) -> tuple[Lease, int]:
    """What a build has from a broker that is gone."""
    async with fake.client() as sts, Broker(sts) as broker:
        return await broker.lease(Build().request()), broker.port


async def test_the_tokens_of_a_killed_broker_open_the_same_role_at_the_same_place() -> None:
    async with FakeSts() as fake:
        lease, port = await leased(fake)
        async with fake.client() as sts, Broker(sts, port=port) as broker:
            build = Build()
            broker.restore(lease.digest, build.request())
            await build.next()
            status, document = await ask(lease)
            assert (status, document["AccessKeyId"], broker.moved) == (200, "ASIA0002", False)
            assert build.masked == ["secret/2", "token/2"]  # hidden before anybody is given them
            broker.revoke(lease.digest)
            assert (await ask(lease))[0] == 403


async def test_a_role_that_cannot_be_assumed_again_yet_is_told_once_and_tried_again() -> None:
    async with FakeSts() as fake:
        lease, port = await leased(fake)
        fake.outage = Refuse("AccessDenied", 403)
        async with fake.client() as sts, Broker(sts, port=port) as broker:
            build = Build()
            broker.restore(lease.digest, build.request())
            await build.next()
            assert build.warned[0].startswith("AWS: the credentials cannot be renewed yet (trying again): ")
            assert (await ask(lease))[0] == 503
            fake.outage = None
            await build.next()
            assert (await ask(lease))[0] == 200
            assert len(build.warned) == 1


async def test_a_port_that_another_program_has_taken_is_told() -> None:
    async with FakeSts() as fake, fake.client() as sts, Broker(sts) as first, Broker(sts, port=first.port) as second:
        assert (first.moved, second.moved) == (False, True)
        assert second.port != first.port
        lease = await second.lease(Build().request(REQUEST))
        assert (await ask(lease))[0] == 200


@pytest.mark.parametrize("known", [True, False])
async def test_only_tokens_that_were_given_are_restored(known: bool) -> None:
    async with FakeSts() as fake:
        lease, port = await leased(fake)
        async with fake.client() as sts, Broker(sts, port=port) as broker:
            build = Build()
            broker.restore(lease.digest if known else b"another", build.request())
            await build.next()
            assert (await ask(lease))[0] == (200 if known else 403)
