from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from runner.aws.broker import Broker
from runner.aws.holding import Timing
from runner.aws.lease import Assumed, AssumeRequest, Lease, LeaseRequest
from runner.errors import CredentialsError
from runner.secret import Secret
from tests.aws.fake_sts import REQUEST, ROLE, FakeSts, Refuse

QUICK = Timing(renew=timedelta(seconds=59.5), least=timedelta(0), pause=timedelta(milliseconds=20))
"""Credentials that live for a minute are renewed after half a second."""


@dataclass
class Build:
    """What a build hears of its lease."""

    masked: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def request(self, assume: AssumeRequest = REQUEST, integration: str = "deploy-role") -> LeaseRequest:
        return LeaseRequest(
            integration=integration,
            assume=assume,
            region="eu-west-1",
            on_renewed=self._renewed,
            on_warning=self._warned,
        )

    def _renewed(self, secrets: tuple[Secret, ...]) -> None:
        self.masked += [secret.reveal() for secret in secrets]
        self.news.set()

    def _warned(self, sentence: str) -> None:
        self.warned.append(sentence)
        self.news.set()

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.news.wait()
        self.news.clear()


@asynccontextmanager
async def brokered(fake: FakeSts, timing: Timing | None = None) -> AsyncIterator[Broker]:
    async with fake, fake.client() as sts, Broker(sts, timing) as broker:
        yield broker


async def ask(lease: Lease, **headers: str) -> tuple[int, dict[str, str]]:
    wanted = {"Authorization": lease.token.reveal()} | headers
    async with aiohttp.ClientSession() as session, session.get(lease.uri, headers=wanted) as answer:
        return answer.status, await answer.json()


async def test_a_lease_has_its_credentials_before_it_is_given() -> None:
    async with brokered(FakeSts()) as broker:
        lease = await broker.lease(Build().request())
        assert lease.identity.arn == ROLE.session_arn("demo-1-abc")
        assert [secret.reveal() for secret in lease.secrets] == [lease.token.reveal(), "secret/1", "token/1"]
        status, document = await ask(lease)
    assert status == 200
    until = datetime.fromisoformat(document.pop("Expiration"))
    assert timedelta(minutes=59) < until - datetime.now(UTC) < timedelta(minutes=61)
    assert document == {
        "AccessKeyId": "ASIA0001",
        "SecretAccessKey": "secret/1",
        "Token": "token/1",
        "AccountId": "222222222222",
        "RoleArn": str(ROLE),
    }


async def test_the_line_for_the_log_names_session_expiry_and_request() -> None:
    async with brokered(FakeSts()) as broker:
        lease = await broker.lease(Build().request())
    line = str(lease)
    assert line.startswith(f"AWS: assumed {ROLE.session_arn('demo-1-abc')} (until ")
    assert line.endswith("Z, request req-1)")


async def test_a_hundred_leases_at_once_cost_one_call() -> None:
    fake = FakeSts()
    fake_calls = fake.calls
    async with brokered(fake) as broker:
        async with asyncio.TaskGroup() as group:
            leases = [group.create_task(broker.lease(Build().request())) for _ in range(100)]
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(ask(lease.result())) for lease in leases]
    assert fake_calls["AssumeRole"] == 1
    assert {answer.result()[1]["AccessKeyId"] for answer in answers} == {"ASIA0001"}
    assert len({lease.result().token.reveal() for lease in leases}) == 100


async def test_a_client_that_goes_away_does_not_stop_the_call_of_the_others() -> None:
    fake = FakeSts()
    async with brokered(fake) as broker:
        fake.gate.clear()
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(broker.lease(Build().request()))
            stays = group.create_task(broker.lease(Build().request()))
            await fake.until_assumed(1)
            gone.cancel()
            fake.gate.set()
        assert gone.cancelled()
        assert stays.result().first.access_key_id == "ASIA0001"
    assert fake.calls["AssumeRole"] == 1


async def test_other_sessions_have_credentials_of_their_own() -> None:
    async with brokered(FakeSts()) as broker:
        one = await broker.lease(Build().request())
        other = await broker.lease(Build().request(AssumeRequest(role=ROLE, session="demo-2-abc")))
        assert (await ask(one))[1]["AccessKeyId"] == "ASIA0001"
        assert (await ask(other))[1]["AccessKeyId"] == "ASIA0002"


async def test_a_refused_role_gives_no_lease_and_leaves_nothing() -> None:
    fake = FakeSts(outage=Refuse("AccessDenied", 403))
    async with brokered(fake) as broker:
        with pytest.raises(CredentialsError, match="trust policy"):
            await broker.lease(Build().request())
        fake.outage = None
        lease = await broker.lease(Build().request())
        assert lease.first.access_key_id == "ASIA0002"


async def test_a_revoked_token_is_dead_at_once_and_others_live() -> None:
    async with brokered(FakeSts()) as broker:
        ended, running = await broker.lease(Build().request()), await broker.lease(Build().request())
        broker.revoke(ended.digest)
        broker.revoke(ended.digest)
        status, document = await ask(ended)
        assert (await ask(running))[0] == 200
    assert status == 403
    assert document["message"] == document["Message"] == "The token of this job is unknown or its build has ended."
    assert document["code"] == document["Code"] == "UnknownToken"


async def test_credentials_are_renewed_in_the_background_and_masked_before_they_are_served() -> None:
    build = Build()
    async with brokered(FakeSts(lifetime=timedelta(minutes=1)), QUICK) as broker:
        lease = await broker.lease(build.request())
        assert (await ask(lease))[1]["AccessKeyId"] == "ASIA0001"
        await build.next()
        assert build.masked == ["secret/2", "token/2"]
        assert (await ask(lease))[1]["AccessKeyId"] == "ASIA0002"
        await build.next()
        assert (await ask(lease))[1]["Token"] == "token/3"
    assert build.warned == []


async def test_nothing_is_renewed_after_the_last_lease_has_ended() -> None:
    fake = FakeSts(lifetime=timedelta(minutes=1))
    async with brokered(fake, QUICK) as broker:
        first, second = Build(), Build()
        one, other = await broker.lease(first.request()), await broker.lease(second.request())
        broker.revoke(one.digest)
        await second.next()
        broker.revoke(other.digest)
        later = Build()
        await broker.lease(later.request(AssumeRequest(role=ROLE, session="later")))
        await later.next()
        assert first.masked == []
        assert fake.calls["AssumeRole"] == 4  # two of the old session, two of the later one
        assert second.masked == ["secret/2", "token/2"]


async def test_a_failed_renewal_keeps_the_old_credentials_and_warns_once() -> None:
    build = Build()
    fake = FakeSts(lifetime=timedelta(minutes=1))
    async with brokered(fake, QUICK) as broker:
        lease = await broker.lease(build.request())
        fake.outage = Refuse("Throttling", 400)
        await fake.until_assumed(4)
        status, document = await ask(lease)
        assert (status, document["AccessKeyId"]) == (200, "ASIA0001")
        assert len(build.warned) == 1
        assert "cannot be renewed yet" in build.warned[0]
        assert "too many calls" in build.warned[0]
        fake.outage = None
        build.news.clear()
        await build.next()
        assert build.masked != []
        assert (await ask(lease))[1]["AccessKeyId"] != "ASIA0001"


async def test_expired_credentials_are_never_handed_out() -> None:
    build = Build()
    fake = FakeSts(lifetime=timedelta(seconds=1))
    timing = Timing(renew=timedelta(seconds=0.9), least=timedelta(0), pause=timedelta(seconds=0.2))
    async with brokered(fake, timing) as broker:
        lease = await broker.lease(build.request())
        fake.outage = Refuse("InternalFailure", 500)
        while len(build.warned) < 2:
            await build.next()
        status, document = await ask(lease)
        assert "have expired" in build.warned[1]
    assert status == 503
    assert "The credentials have expired and could not be renewed yet" in document["message"]


async def test_a_second_lease_gets_better_credentials_than_old_ones() -> None:
    """Nothing with less than `least` left is handed out if something better can be had."""
    fake = FakeSts(lifetime=timedelta(minutes=10))
    async with brokered(fake, Timing(renew=timedelta(seconds=1))) as broker:
        await broker.lease(Build().request())
        second = await broker.lease(Build().request())
        assert second.first.access_key_id == "ASIA0002"
        fake.outage = Refuse("Throttling", 400)
        third = await broker.lease(Build().request())
        assert third.first.access_key_id == "ASIA0002"


async def test_a_host_that_was_asleep_renews_when_it_is_asked() -> None:
    """Timers stand still while a host sleeps; the first question afterwards finds that the renewal is overdue."""
    asleep = timedelta()
    timing = Timing(now=lambda: datetime.now(UTC) + asleep)
    build = Build()
    async with brokered(FakeSts(), timing) as broker:
        lease = await broker.lease(build.request())
        asleep = timedelta(minutes=55)
        assert (await ask(lease))[1]["AccessKeyId"] == "ASIA0001"
        await build.next()
        assert (await ask(lease))[1]["AccessKeyId"] == "ASIA0002"


async def test_a_runaway_loop_is_slowed_down() -> None:
    async with brokered(FakeSts()) as broker:
        lease = await broker.lease(Build().request())
        headers = {"Authorization": lease.token.reveal()}
        statuses: list[int] = []
        async with aiohttp.ClientSession() as session:
            while not statuses or statuses[-1] == 200:
                async with session.get(lease.uri, headers=headers) as answer:
                    statuses.append(answer.status)
    assert statuses[-1] == 429
    assert len(statuses) > 200


async def test_an_error_of_the_caller_leaves_the_broker_as_it_is() -> None:
    async def build() -> None:
        async with brokered(FakeSts()) as broker:
            await broker.lease(Build().request())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await build()


class Stuck:
    """STS that never answers."""

    def __init__(self) -> None:
        self.called = asyncio.Event()

    async def assume(self, request: AssumeRequest) -> Assumed:
        self.called.set()
        await asyncio.Event().wait()
        raise AssertionError(request)


async def test_whoever_waits_for_a_role_is_let_go_when_the_broker_ends() -> None:
    stuck = Stuck()
    async with asyncio.TaskGroup() as group, Broker(stuck) as broker:
        waiting = group.create_task(_outcome(broker))
        await stuck.called.wait()
    assert "the runner is ending" in waiting.result()


async def _outcome(broker: Broker) -> str:
    try:
        await broker.lease(Build().request())
    except CredentialsError as error:
        return str(error)
    return "leased"


def test_renewal_starts_with_twenty_minutes_left_at_the_latest() -> None:
    timing = Timing()
    assert timing.renew == timedelta(minutes=20)
    assert timing.least == timedelta(minutes=15)
