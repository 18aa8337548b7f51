"""Logs over HTTP: every record once, whoever leaves and comes back, whatever becomes of the files."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from runner.api import feeds
from runner.daemon.service import Service
from runner.service.settings import Hooks
from runner.store.queueing import Request
from tests.api.clients import V1, Client, served
from tests.daemon.running import Host, ended, heard


def log_of(service: Service, build: int) -> Path:
    return service.store.build_directory(build) / "log.jsonl"


def talking(host: Host) -> Path:
    """A job that says `first`, then each line that comes out of a pipe, until it is closed; and the pipe."""
    pipe = host.pipe("words")
    host.write(
        f"""
        jobs:
          - name: talk
            type: runSh
            steps:
              - TASK: {{script: [echo first, 'while read -r word; do echo "$word"; done < {pipe}']}}
        """
    )
    return pipe


async def lines(client: Client, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[str]:
    async with client.session.get(f"{client.base}{V1}{path}", headers=headers) as response:
        assert response.status == 200, await response.text()
        async for line in response.content:
            yield line.decode().rstrip("\n")


async def read_all(client: Client, path: str, headers: dict[str, str] | None = None) -> list[str]:
    return [line async for line in lines(client, path, headers)]


async def test_a_log_is_given_as_it_stands_in_its_file(host: Host) -> None:
    async with served(host.settings) as (service, client):
        await client.post("/jobs/build/run")
        row = await ended(service, "build")
        followed = await read_all(client, f"/builds/{row.id}/log?follow=true")
        stored = log_of(service, row.id).read_text().splitlines()
        assert followed == stored
        assert await read_all(client, f"/builds/{row.id}/log") == stored
        assert await read_all(client, f"/builds/{row.id}/log?tail=2") == stored[-2:]
        assert await read_all(client, f"/builds/{row.id}/log?tail=0") == []
        assert await read_all(client, f"/builds/{row.id}/log?from=3") == stored[2:]
        assert await read_all(client, f"/builds/{row.id}/log?from=1000&follow=true") == []


async def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(host: Host) -> None:
    pipe = talking(host)
    async with served(host.settings) as (service, client):
        row = await service.orders.run("talk", Request())
        got: list[str] = []
        words = await asyncio.to_thread(open, pipe, "w")
        with words:
            for word in ("one", "two", "three"):
                last = json.loads(got[-1])["seq"] if got else 0
                async with client.session.get(
                    f"{client.base}{V1}/builds/{row.id}/log?follow=true", headers={"Last-Event-ID": str(last)}
                ) as response:
                    words.write(f"{word}\n")
                    words.flush()
                    async for line in response.content:
                        got.append(line.decode().rstrip("\n"))
                        if f'"text":"{word}"' in got[-1]:
                            break
                words.write(f"while nobody listened after {word}\n")
                words.flush()
        got += await read_all(client, f"/builds/{row.id}/log?follow=true&from={json.loads(got[-1])['seq'] + 1}")
        assert got == log_of(service, row.id).read_text().splitlines()
        assert [json.loads(line)["seq"] for line in got] == list(range(1, len(got) + 1))
        assert '"type":"result"' in got[-1]


async def test_events_bear_the_numbers_of_their_records_and_end_with_one_that_says_so(host: Host) -> None:
    async with served(host.settings) as (service, client):
        await client.post("/jobs/build/run")
        row = await ended(service, "build")
        accept = {"Accept": "text/event-stream"}
        text = "\n".join(await read_all(client, f"/builds/{row.id}/log?follow=true", accept))
        events = [event for event in text.split("\n\n") if event]
        stored = log_of(service, row.id).read_text().splitlines()
        assert events[:-1] == [f"id: {json.loads(line)['seq']}\ndata: {line}" for line in stored]
        assert events[-1].startswith("event: end\n")
        resumed = await read_all(client, f"/builds/{row.id}/log?follow=true", {**accept, "Last-Event-ID": "3"})
        assert resumed[0] == "id: 4"


async def test_many_follow_one_build_and_all_get_everything(host: Host) -> None:
    pipe = talking(host)
    async with served(host.settings) as (service, client):
        row = await service.orders.run("talk", Request())
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(read_all(client, f"/builds/{row.id}/log?follow=true&from={1 + number % 3}"))
                for number in range(40)
            ]
            with await asyncio.to_thread(open, pipe, "w") as words:
                words.writelines(f"word {number}\n" for number in range(2000))
        stored = log_of(service, row.id).read_text().splitlines()
        for number, task in enumerate(tasks):
            assert task.result() == stored[number % 3 :]


async def test_a_build_that_waits_can_be_followed_and_its_withdrawal_ends_the_stream(host: Host) -> None:
    pipe = talking(host)
    async with served(host.settings) as (service, client):
        first = await service.orders.run("talk", Request())
        second = await service.orders.run("talk", Request())
        assert await read_all(client, f"/builds/{second.id}/log") == []
        async with asyncio.TaskGroup() as group:
            following = group.create_task(read_all(client, f"/builds/{second.id}/log?follow=true"))
            await asyncio.to_thread(pipe.write_text, "x\n")
            await ended(service, "talk", first.number)
            await asyncio.to_thread(pipe.write_text, "of the second\n")
        assert any('"text":"of the second"' in line for line in following.result())
        assert '"type":"result"' in following.result()[-1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a supervisor is left running
async def test_a_stream_ends_when_the_service_does_and_goes_on_with_the_next_one(host: Host) -> None:
    pipe = talking(host)
    async with served(host.settings) as (service, client):
        row = await service.orders.run("talk", Request())
        stream = lines(client, f"/builds/{row.id}/log?follow=true")
        got = [await anext(stream)]
        service.stopping.set()
        got += [line async for line in stream]
        assert '"type":"result"' not in got[-1]
    async with served(host.settings) as (service, client):
        async with asyncio.TaskGroup() as group:
            rest = group.create_task(read_all(client, f"/builds/{row.id}/log?follow=true&from={len(got) + 1}"))
            await asyncio.to_thread(pipe.write_text, "after the restart\n")
        assert [*got, *rest.result()] == log_of(service, row.id).read_text().splitlines()
    gc.collect()


async def test_the_last_record_is_not_missed_though_a_hook_of_the_host_takes_long_after_the_end(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "LATE_S", 0.0)
    hook, ending, go = host.directory / "hooks" / "post-build" / "slow", host.pipe("ending"), host.pipe("go")
    hook.parent.mkdir(parents=True)
    hook.write_text(f"#!/bin/sh\necho > {ending}\nread line < {go}\n", "utf-8")
    hook.chmod(0o755)
    host.write("jobs: [{name: build, type: runSh, steps: [{TASK: {script: [pwd]}}]}]")
    async with served(replace(host.settings, hooks=Hooks(directory=host.directory / "hooks"))) as (service, client):
        row = await service.orders.run("build", Request())
        async with asyncio.TaskGroup() as group:
            following = group.create_task(read_all(client, f"/builds/{row.id}/log?follow=true"))
            await heard(ending)
            await ended(service, "build")
            assert await read_all(client, f"/builds/{row.id}/log?tail=1")  # who follows has been heard meanwhile
            await asyncio.to_thread(go.write_text, "go\n")
        assert json.loads(following.result()[-1])["type"] == "result"


async def test_a_build_without_a_log_says_so(host: Host) -> None:
    async with served(host.settings) as (service, client):
        assert (await client.get("/builds/77/log")).refusal == (404, "not_found")
        await client.post("/jobs/build/run")
        row = await ended(service, "build")
        await read_all(client, f"/builds/{row.id}/log?follow=true")
        log_of(service, row.id).unlink()
        assert (await client.get(f"/builds/{row.id}/log?follow=true")).refusal == (404, "not_found")
        assert (await client.get(f"/builds/{row.id}/log?from=1&tail=1")).status == 404


@pytest.mark.parametrize("query", ["from=0", "tail=-1", "follow=maybe", "form=3"])
async def test_a_bad_question_about_a_log_is_refused(host: Host, query: str) -> None:
    async with served(host.settings) as (_, client):
        assert (await client.get(f"/builds/1/log?{query}")).refusal == (400, "bad_request")
