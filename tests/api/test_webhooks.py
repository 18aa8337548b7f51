"""Webhooks over HTTP: no token, the proof is in what is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from msgspec.structs import replace

from runner.daemon.service import Service
from runner.service.settings import Address, Provider, Settings, Webhook
from tests.api.clients import Answered, Client, served
from tests.daemon.running import Host, ended

SECRET = "s3cret-of-the-hook"
PIPELINE = """
resources:
  - {name: src, type: gitRepo, versionTemplate: {sourceName: acme/shop, branch: main}}
  - {name: hook, type: webhook, versionTemplate: {webhookKey: opensesame}}
jobs:
  - name: tell
    type: runSh
    steps:
      - IN: hook
      - TASK: {script: [test "$(shipctl get_resource_version_key hook payload.order)" = 7]}
"""
COMMIT = {"id": "a" * 40, "message": "m", "modified": ["a"], "added": [], "removed": []}
PUSH = json.dumps(
    {
        "ref": "refs/heads/main",
        "before": "b" * 40,
        "after": "a" * 40,
        "repository": {"full_name": "acme/shop"},
        "head_commit": COMMIT,
        "commits": [COMMIT],
    },
    indent=1,  # a body that is read and written again would lose it, and with it the proof
).encode()


def with_webhooks(host: Host) -> Settings:
    host.write(PIPELINE)
    file = host.directory / "secret"
    file.write_text(SECRET, "utf-8")
    settings = host.settings
    server = replace(settings.server, listen=(Address("127.0.0.1", 0),), body_limit=2000, rate_limit=2)
    return replace(settings, server=server, webhooks={"hub": Webhook(provider=Provider.GITHUB, secret_file=file)})


@asynccontextmanager
async def over_tcp(service: Service) -> AsyncIterator[Client]:
    host, port = next(s.getsockname() for s in service.listeners.sockets if len(s.getsockname()) == 2)
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"http://{host}:{port}")


async def send(client: Client, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answered:
    async with client.session.post(f"{client.base}/webhooks/{path}", data=body, headers=headers) as response:
        return Answered(response.status, await response.json(), response.headers)


def signed(body: bytes) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}


async def test_a_signed_delivery_is_taken_over_tcp_and_over_the_socket_without_a_token(host: Host) -> None:
    async with served(with_webhooks(host)) as (service, local), over_tcp(service) as remote:
        taken = await send(remote, "hub", PUSH, {**signed(PUSH), "Origin": "https://elsewhere.test"})
        assert (taken.status, taken.body["versions"], taken.body["repeated"]) == (200, ["src"], False)
        assert (await send(local, "hub", PUSH, signed(PUSH))).body["repeated"]
        assert (await local.get("/resources/src/versions")).body["versions"][0]["versionName"] == "a" * 40


async def test_a_resource_is_called_with_its_name_and_key(host: Host) -> None:
    async with served(with_webhooks(host)) as (service, local), over_tcp(service) as remote:
        login = {"Authorization": aiohttp.encode_basic_auth("hook", "opensesame")}
        assert (await send(remote, "resources/hook", b'{"order": 7}', login)).body["versions"] == ["hook"]
        build = await ended(service, "tell")
        assert (build.status, build.triggered_by) == ("success", "hook")
        refused = await send(local, "resources/hook", b"{}")
        assert refused.refusal == (401, "unauthorized")
        assert refused.headers["WWW-Authenticate"].startswith("Basic")


async def test_what_is_not_proven_unknown_or_too_large_is_refused_in_the_words_of_the_api(host: Host) -> None:
    async with served(with_webhooks(host)) as (_, local):
        assert (await send(local, "hub", PUSH + b" ", signed(PUSH))).refusal == (401, "unauthorized")
        assert (await send(local, "nowhere", PUSH, signed(PUSH))).refusal == (404, "not_found")
        assert (await send(local, "hub", b"{", signed(b"{"))).refusal == (400, "bad_request")
        assert (await send(local, "hub", b"x" * 3000)).refusal == (413, "too_large")


async def test_who_sends_too_much_waits(host: Host) -> None:
    async with served(with_webhooks(host)) as (service, _), over_tcp(service) as remote:
        answers = await asyncio.gather(*(send(remote, "hub", PUSH) for _ in range(12)))
        assert {answer.status for answer in answers} == {401, 429}


async def test_a_resource_says_why_its_repository_cannot_be_asked(host: Host) -> None:
    async with served(with_webhooks(host)) as (service, local):
        await service.polling.look()
        assert "'acme/shop' has no address" in (await local.get("/resources/src")).body["problem"]
        shown = {
            resource["name"]: resource["problem"] for resource in (await local.get("/resources")).body["resources"]
        }
        assert shown["hook"] is None
