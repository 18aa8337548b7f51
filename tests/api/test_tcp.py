"""Over TCP: who is let in by which token, and what is kept out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.service.settings import Address, Settings
from tests.api.clients import Client, served
from tests.daemon.running import Host


def listening(host: Host, **server: object) -> Settings:
    settings = host.settings
    with_tcp = replace(settings.server, listen=(Address("127.0.0.1", 0),), **server)
    return replace(settings, server=with_tcp)


@asynccontextmanager
async def remote(service: Service, token: str | None, **headers: str) -> AsyncIterator[Client]:
    """A client with a token."""
    (address,) = service.listeners.addresses
    authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers={**authorization, **headers}) as session:
        yield Client(session, f"http://{address}")


async def token(client: Client, name: str, scope: str, **more: str) -> str:
    return str((await client.post("/tokens", {"name": name, "scope": scope, **more})).body["token"])


async def test_nobody_is_let_in_without_a_good_token(host: Host) -> None:
    async with served(listening(host)) as (service, local):
        good = await token(local, "ci", "read")
        for wrong in (None, "", "rnr_wrong", good[:-1], "ü"):
            async with remote(service, wrong) as client:
                answered = await client.get("/jobs")
                assert answered.refusal == (401, "unauthorized")
                assert answered.headers["WWW-Authenticate"] == "Bearer"
        async with remote(service, good) as client:
            assert (await client.get("/jobs")).status == 200


async def test_a_token_may_do_what_its_scope_says_and_its_name_stands_beside_what_it_orders(host: Host) -> None:
    async with served(listening(host)) as (service, local):
        scopes = {scope: await token(local, f"of-{scope}", scope) for scope in ("read", "run", "admin")}
        allowed = {}
        for scope, text in scopes.items():
            async with remote(service, text) as client:
                calls = [await client.get("/jobs"), await client.post("/jobs/build/run"), await client.get("/tokens")]
                allowed[scope] = [call.status for call in calls]
        assert allowed == {"read": [200, 403, 403], "run": [200, 201, 403], "admin": [200, 201, 200]}
        builds = (await local.get("/builds?job=build")).body["builds"]
        assert [build["by"] for build in builds] == ["of-admin", "of-run"]


async def test_a_token_is_good_until_it_is_revoked_and_never_shown_again(host: Host) -> None:
    async with served(listening(host)) as (service, local):
        text = await token(local, "ci", "read")
        assert (await local.post("/tokens", {"name": "ci"})).refusal == (409, "conflict")
        async with remote(service, text) as client:
            assert (await client.get("/jobs")).status == 200
            (about,) = (await local.get("/tokens")).body["tokens"]
            assert text not in str(about)
            assert (await local.call("DELETE", f"/tokens/{about['id']}")).body == {"changed": True}
            assert (await client.get("/jobs")).status == 401
        assert (await local.call("DELETE", f"/tokens/{about['id']}")).body == {"changed": False}
        assert (await local.post("/tokens", {"name": "ci"})).status == 201
    async with served(listening(host)) as (service, local), remote(service, text) as client:
        assert (await client.get("/jobs")).status == 401


async def test_no_web_page_reaches_the_service(host: Host) -> None:
    async with served(listening(host, public_url="https://ci.example.com/")) as (service, local):
        text = await token(local, "ci", "admin")
        async with remote(service, text, Origin="https://evil.example") as client:
            assert (await client.post("/jobs/build/run")).refusal == (403, "forbidden")
        async with remote(service, text, Host="evil.example") as client:
            assert (await client.get("/jobs")).refusal == (421, "misdirected")
        for name in ("ci.example.com", "localhost:8080", "127.0.0.1"):
            async with remote(service, text, Host=name) as client:
                answered = await client.get("/jobs")
                assert answered.status == 200
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answered.headers


async def test_one_client_that_asks_too_much_is_slowed_down_alone(host: Host) -> None:
    async with served(listening(host, rate_limit=1)) as (service, local):
        greedy, other = await token(local, "greedy", "read"), await token(local, "other", "read")
        async with remote(service, greedy) as client:
            refused = [answer for answer in [await client.get("/jobs") for _ in range(5)] if answer.status != 200]
        assert refused[-1].refusal == (429, "too_many_requests")
        assert int(refused[-1].headers["Retry-After"]) >= 1
        async with remote(service, other) as client:
            assert (await client.get("/jobs")).status == 200


async def test_health_is_told_to_everybody_and_metrics_to_those_who_may_read(host: Host) -> None:
    async with served(listening(host)) as (service, local):
        text = await token(local, "ci", "read")
        async with remote(service, None) as client:
            async with client.session.get(f"{client.base}/healthz") as answer:
                assert (answer.status, (await answer.json())["state"]) == (200, "ready")
            async with client.session.get(f"{client.base}/metrics") as answer:
                assert answer.status == 401
        async with remote(service, text) as client, client.session.get(f"{client.base}/metrics") as answer:
            assert 'runner_pool_capacity{pool="default"} 4.0' in await answer.text()


async def test_a_body_that_does_not_come_is_not_waited_for(host: Host) -> None:
    async with served(listening(host, request_timeout=timedelta(milliseconds=50))) as (service, local):
        text = await token(local, "ci", "run")
        (address,) = service.listeners.addresses
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(
            f"POST /api/v1/jobs/build/run HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {text}\r\n"
            "Content-Length: 10\r\n\r\n{".encode()
        )
        status = await reader.readline()
        writer.close()
        assert status.split()[1] == b"408"
